terraform {
  required_version = ">= 1.6"

  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1"
    }
  }
}
