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

variable "force_destroy" {
  description = "Whether the dataset may be deleted while it contains items."
  type        = bool
  default     = false
}

# Apify keeps a named dataset until it is deleted. The provider finds it again by its name.
resource "apify_dataset" "products" {
  name           = "demo-products"
  general_access = "RESTRICTED"
  force_destroy  = var.force_destroy
}

output "products_id" {
  value = apify_dataset.products.id
}
