terraform {
  required_version = ">= 1.3"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}
