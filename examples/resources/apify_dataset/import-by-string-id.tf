import {
  to = apify_dataset.ratings
  id = "NK9XYGU4NYlB7vKQb" # or "~product-ratings", "jane~product-ratings", "jane/product-ratings"
}

resource "apify_dataset" "ratings" {
  name = "product-ratings"
}
