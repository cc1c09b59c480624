terraform {
  required_version = ">= 1.7"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1"
    }
  }
}

provider "apify" {}

# By default a dataset is deleted only while it is empty.
resource "apify_dataset" "orders" {
  name = "orders"
}

# This one may be deleted with all its items.
resource "apify_dataset" "test_orders" {
  name          = "test-orders"
  force_destroy = true
}

# No plan may delete this one, be it empty or not.
resource "apify_dataset" "invoices" {
  name = "invoices"

  lifecycle {
    prevent_destroy = true
  }
}

# Terraform no longer manages this one. It stays as it is on Apify.
removed {
  from = apify_dataset.archive

  lifecycle {
    destroy = false
  }
}
