terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

# The API token comes from the environment variable APIFY_TOKEN.
provider "apify" {}

resource "apify_dataset" "products" {
  name = "my-first-products"
}

output "dataset_id" {
  value = apify_dataset.products.id
}

output "console_url" {
  value = apify_dataset.products.console_url
}
