terraform {
  required_version = ">= 1.10"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

# The schema as an expression.
resource "apify_dataset" "offers" {
  name = "shop-offers"

  schema = jsonencode({
    actorSpecification = 1

    fields = {
      type     = "object"
      required = ["sku", "price"]
      properties = {
        sku   = { type = "string" }
        price = { type = "number", minimum = 0 }
        url   = { type = ["string", "null"] }
      }
    }

    views = {
      prices = {
        title          = "Prices"
        transformation = { fields = ["sku", "price"] }
        display        = { component = "table" }
      }
    }
  })
}

# The schema of an Actor, from its own file.
resource "apify_dataset" "reviews" {
  name   = "shop-reviews"
  schema = file("${path.module}/reviews_schema.json")
}

# A URL of the items as a view shows them.
ephemeral "apify_dataset_items_url" "prices" {
  dataset_id = apify_dataset.offers.id
  format     = "csv"
  view       = "prices"
}

output "offers_id" {
  value = apify_dataset.offers.id
}
