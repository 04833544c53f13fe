"""Model and dataset in, predictions out: here, or on a Dask cluster (`training.predict.cluster`)."""

from training.predict.run import predict_dataset

__all__ = ["predict_dataset"]
