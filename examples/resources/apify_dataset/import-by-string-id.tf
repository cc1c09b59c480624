import {
  to = apify_dataset.prices
  id = "WkzbQMuFYuamGv3YF" # or "~product-prices", "jane~product-prices", "jane/product-prices"
}

resource "apify_dataset" "prices" {
  name = "product-prices"
}
