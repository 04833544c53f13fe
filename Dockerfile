# Lightbox on a processor: docker build -t lightbox . && docker run -p 127.0.0.1:8501:8501 -v lightbox:/library lightbox

FROM python:3.11-slim AS build
WORKDIR /source
RUN pip install --no-cache-dir build
COPY pyproject.toml README.md LICENSE requirements.txt constraints.txt ./
COPY requirements/ requirements/
COPY xai/ xai/
COPY training/ training/
COPY dashboard/ dashboard/
COPY assets/ assets/
RUN python -m build --wheel --outdir /wheel
# The same packages without what a graphics card or a screen needs: a gigabyte less, and no system libraries.
RUN sed -i -E 's/^(tensorflow)([>=])/\1-cpu\2/; s/^(opencv-python)([>=])/\1-headless\2/' requirements.txt constraints.txt \
    && cp requirements.txt constraints.txt /wheel/

FROM python:3.11-slim
RUN useradd --create-home --uid 1000 reader && mkdir /library && chown reader /library
COPY --from=build /wheel/ /opt/wheel/
# Packages beside: `docker build --build-arg EXTRA=distributed .` for an app or worker of a Dask cluster.
ARG EXTRA=
RUN pip install --no-cache-dir -r /opt/wheel/requirements.txt $EXTRA -c /opt/wheel/constraints.txt \
    && pip install --no-cache-dir --no-deps /opt/wheel/lightbox-*.whl \
    && rm -r /opt/wheel
USER reader
WORKDIR /home/reader
ENV STREAMLIT_SERVER_HEADLESS=true
VOLUME /library
EXPOSE 8501
HEALTHCHECK --start-period=60s --interval=30s --timeout=5s \
    CMD ["python", "-c", "from urllib.request import urlopen; urlopen('http://127.0.0.1:8501/_stcore/health', timeout=4)"]
# Inside a container every address is its own; `docker run -p 127.0.0.1:8501:8501` keeps the app to this machine.
CMD ["lightbox", "--library", "/library", "--port", "8501", "--address", "0.0.0.0"]
