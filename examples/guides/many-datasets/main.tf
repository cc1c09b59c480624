terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {
  max_retries = 12
}

locals {
  shops      = [for i in range(1, 51) : format("shop-%03d", i)]
  categories = ["prices", "reviews"]

  datasets = toset([for pair in setproduct(local.shops, local.categories) : join("-", pair)])
}

resource "apify_dataset" "landing" {
  for_each = local.datasets

  name = each.key
}

output "dataset_ids" {
  value = { for name, dataset in apify_dataset.landing : name => dataset.id }
}
