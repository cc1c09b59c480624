terraform {
  required_version = ">= 1.11" # for the write-only argument

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
    vault = {
      source  = "hashicorp/vault"
      version = "~> 5.0"
    }
  }
}

provider "apify" {}

# The environment variables VAULT_ADDR and VAULT_TOKEN configure this provider.
provider "vault" {}

resource "apify_dataset" "prices" {
  name           = "product-prices"
  general_access = "RESTRICTED"
}

# A signed URL that is stored in state. After each refresh it is valid for at least 7 more days.
output "prices_url" {
  value     = apify_dataset.prices.items_public_url
  sensitive = true
}

variable "sign_urls" {
  description = "Whether to sign URLs, which requires a token that can write the dataset."
  type        = bool
  default     = true
}

# A signed URL that is not stored. It is valid for 30 days.
ephemeral "apify_dataset_items_url" "prices" {
  count = var.sign_urls ? 1 : 0

  dataset_id = apify_dataset.prices.id
  expires_in = "720h"
  format     = "csv"
}

variable "url_version" {
  description = "Version of the URL in Vault. Terraform writes a new URL if this number changes."
  type        = number
  default     = 1
}

# Readers get the URL from Vault. Terraform does not store a write-only argument.
resource "vault_kv_secret_v2" "prices_url" {
  mount                = "secret"
  name                 = "product-prices-url"
  data_json_wo         = jsonencode({ url = one(ephemeral.apify_dataset_items_url.prices[*].url) })
  data_json_wo_version = var.url_version
}
