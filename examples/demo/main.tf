# What `make demo` applies. The provider takes its token and the address of the API from the environment.

terraform {
  required_providers {
    apify = {
      source = "apify/apify"
    }
  }
}

provider "apify" {}

# A named dataset is kept until it is deleted, and found again by its name.
resource "apify_dataset" "products" {
  name           = "demo-products"
  general_access = "RESTRICTED"

  adopt_existing = true # take the dataset over if the name is taken already
  force_destroy  = true # delete it even if it holds items

  timeouts = {
    create = "2m"
    read   = "1m"
    update = "2m"
    delete = "2m"
  }
}

# An unnamed one lives as long as the account's data retention period.
resource "apify_dataset" "scratch" {}

output "products_id" {
  value = apify_dataset.products.id
}

output "products_console_url" {
  value = apify_dataset.products.console_url
}

output "products_general_access" {
  value = apify_dataset.products.general_access
}

# Whoever has this signed URL can read the items.
output "products_items_public_url" {
  value     = apify_dataset.products.items_public_url
  sensitive = true
}

output "scratch_id" {
  value = apify_dataset.scratch.id
}
