list "apify_dataset" "mine" {
  provider = apify
  limit    = 1000

  config {
    ownership = "ownedByMe"
  }
}
