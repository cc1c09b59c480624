terraform {
  required_providers {
    apify = {
      source  = "apify/apify"
      version = "~> 0.1.0"
    }
  }
}
