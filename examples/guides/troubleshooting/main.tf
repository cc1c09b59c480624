terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}

variable "apify_token" {
  description = "Apify API token. Defaults to the environment variable APIFY_TOKEN."
  type        = string
  sensitive   = true
  default     = null
}

# More retries and longer timeouts than the defaults, for a slow or unreliable network.
provider "apify" {
  token           = var.apify_token
  max_retries     = 12
  request_timeout = "1m"
}

resource "apify_dataset" "products" {
  name = "patient-products"

  timeouts = {
    create = "15m"
    read   = "15m"
    update = "15m"
    delete = "15m"
  }
}
