terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

# A token of another account is an error, before the provider reads or writes anything.
provider "apify" {
  allowed_accounts = ["jane"]
}

resource "apify_dataset" "products" {
  name = "products"
}
