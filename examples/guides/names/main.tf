terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

# If a dataset named product-prices exists, the resource adopts it. Otherwise it creates one.
resource "apify_dataset" "prices" {
  name = "product-prices"
}

# If a dataset named product-reviews exists, the plan fails.
resource "apify_dataset" "reviews" {
  name           = "product-reviews"
  adopt_existing = false
}
