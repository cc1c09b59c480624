terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1"
    }
  }
}

provider "apify" {}

# If there is a dataset named product-prices, it is adopted. Otherwise it is created.
resource "apify_dataset" "prices" {
  name = "product-prices"
}

# If there is a dataset named product-reviews, this is an error.
resource "apify_dataset" "reviews" {
  name           = "product-reviews"
  adopt_existing = false
}
