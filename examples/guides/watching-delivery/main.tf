terraform {
  required_version = ">= 1.5"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

provider "apify" {}

variable "max_age" {
  description = "Time within which the scraper must deliver, as a duration such as 26h."
  type        = string
  default     = "26h"
}

variable "min_items" {
  description = "Number of items that the dataset must contain."
  type        = number
  default     = 1000
}

resource "apify_dataset" "prices" {
  name = "shop-prices"
}

# Every plan reads the counters and times of the dataset.
data "apify_dataset" "prices" {
  id = apify_dataset.prices.id
}

check "prices_are_fresh" {
  assert {
    condition     = timecmp(timeadd(data.apify_dataset.prices.modified_at, var.max_age), plantimestamp()) > 0
    error_message = "No delivery to ${data.apify_dataset.prices.name} within ${var.max_age}: the last change was at ${data.apify_dataset.prices.modified_at}. See ${data.apify_dataset.prices.console_url}."
  }
}

check "prices_are_complete" {
  assert {
    condition     = data.apify_dataset.prices.item_count >= var.min_items
    error_message = "${data.apify_dataset.prices.name} contains ${data.apify_dataset.prices.item_count} items, and should contain at least ${var.min_items}. See ${data.apify_dataset.prices.console_url}."
  }
}
