terraform {
  required_version = ">= 1.7"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

locals {
  existing = toset(["product-prices", "product-ratings"])
}

import {
  for_each = local.existing
  to       = apify_dataset.existing[each.key]
  id       = "~${each.key}"
}

resource "apify_dataset" "existing" {
  for_each = local.existing

  name = each.key
}
