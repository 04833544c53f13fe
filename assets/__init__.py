"""Models, datasets, predictions and figures that come with the app; `xai.built_in` finds them."""
