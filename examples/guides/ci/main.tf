terraform {
  required_version = ">= 1.5"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }

  # Add the backend that stores your state here. It must support locking.
}

variable "apify_accounts" {
  description = "Usernames or IDs of the accounts that the token may belong to. With null, any account."
  type        = list(string)
  default     = ["jane"]
}

# The token comes from the environment variable APIFY_TOKEN.
provider "apify" {
  allowed_accounts = var.apify_accounts
}

resource "apify_dataset" "prices" {
  name           = "product-prices"
  general_access = "RESTRICTED"
}

# Every plan reads the number of items and the time of the last change.
data "apify_dataset" "prices" {
  id = apify_dataset.prices.id
}

check "prices_are_fresh" {
  assert {
    condition     = timecmp(timeadd(data.apify_dataset.prices.modified_at, "26h"), plantimestamp()) > 0
    error_message = "No delivery to product-prices within 26 hours: see ${data.apify_dataset.prices.console_url}."
  }
}

check "prices_are_complete" {
  assert {
    condition     = data.apify_dataset.prices.item_count >= 1000
    error_message = "product-prices contains ${data.apify_dataset.prices.item_count} items, and should contain at least 1000."
  }
}
