terraform {
  required_version = ">= 1.3"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }

  # Add the backend that stores your state here. It must support locking.
}

variable "apify_accounts" {
  description = "Usernames or IDs of the accounts that this configuration may change."
  type        = list(string)
  default     = ["jane"]
}

# The token comes from the environment variable APIFY_TOKEN. If it belongs to another account, the
# provider stops before it reads or changes anything. With null, it does not check the account.
provider "apify" {
  allowed_accounts = var.apify_accounts
}

resource "apify_dataset" "prices" {
  name           = "product-prices"
  general_access = "RESTRICTED"
}
