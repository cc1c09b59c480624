import {
  to = apify_dataset.prices
  identity = {
    id = "WkzbQMuFYuamGv3YF"
  }
}

resource "apify_dataset" "prices" {
  name = "product-prices"
}
