terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

# By default, only an empty dataset can be deleted.
resource "apify_dataset" "orders" {
  name = "orders"
}

# This dataset can be deleted with its items.
resource "apify_dataset" "test_orders" {
  name          = "test-orders"
  force_destroy = true
}

# No plan can delete this dataset, even if it is empty.
resource "apify_dataset" "invoices" {
  name = "invoices"

  lifecycle {
    prevent_destroy = true
  }
}
