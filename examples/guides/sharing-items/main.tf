terraform {
  required_version = ">= 1.11"

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

# Anyone who knows the ID can read the items. The URL has no signature and never changes.
resource "apify_dataset" "open" {
  name           = "open-data"
  general_access = "ANYONE_WITH_ID_CAN_READ"
}

# Only the owner, and users that the owner shares the dataset with, can read it. The URL is signed.
resource "apify_dataset" "restricted" {
  name           = "restricted-data"
  general_access = "RESTRICTED"
}

output "open_url" {
  value     = apify_dataset.open.items_public_url
  sensitive = true
}

# A signed URL that is stored in state. After a refresh it is valid for 7 to 14 days.
output "restricted_url" {
  value     = apify_dataset.restricted.items_public_url
  sensitive = true
}

# A signed URL that is not stored. It is valid for 30 days.
ephemeral "apify_dataset_items_url" "restricted" {
  dataset_id = apify_dataset.restricted.id
  expires_in = "720h"
  format     = "csv"
}

variable "items_url_version" {
  description = "Version of the URL in the secret store. Terraform writes a new URL if this number changes."
  type        = number
  default     = 1
}

# Readers get the URL from the secret store. Terraform does not store a write-only argument.
resource "vault_kv_secret_v2" "restricted_url" {
  mount                = "secret"
  name                 = "restricted-data-url"
  data_json_wo         = jsonencode({ url = ephemeral.apify_dataset_items_url.restricted.url })
  data_json_wo_version = var.items_url_version
}
