# `make demo` applies this configuration. The provider reads its token and the base URL of the API
# from the environment.

terraform {
  required_providers {
    apify = {
      source = "apify/apify"
    }
  }
}

provider "apify" {}

# Apify keeps a named dataset until it is deleted. The provider finds it again by its name.
resource "apify_dataset" "products" {
  name           = "demo-products"
  general_access = "RESTRICTED"

  adopt_existing = true # adopt the dataset if the name is taken
  force_destroy  = true # delete the dataset even if it contains items

  timeouts = {
    create = "2m"
    read   = "1m"
    update = "2m"
    delete = "2m"
  }
}

# Apify deletes an unnamed dataset after the account's data retention period.
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

# Anyone who has this signed URL can read the items.
output "products_items_public_url" {
  value     = apify_dataset.products.items_public_url
  sensitive = true
}

output "scratch_id" {
  value = apify_dataset.scratch.id
}
