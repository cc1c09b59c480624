resource "apify_dataset" "orders" {
  name           = "orders"
  general_access = "RESTRICTED"
}

# A URL of the items as CSV. It is valid for ten minutes and is not stored.
ephemeral "apify_dataset_items_url" "orders" {
  dataset_id = apify_dataset.orders.id
  expires_in = "10m"
  format     = "csv"
  fields     = ["sku", "price"]
}

# Any argument that allows ephemeral values can use the URL, such as the environment of a command.
resource "terraform_data" "download" {
  triggers_replace = [apify_dataset.orders.id]

  provisioner "local-exec" {
    command = "curl --fail --silent --show-error --output orders.csv \"$ITEMS_URL\""
    environment = {
      ITEMS_URL = ephemeral.apify_dataset_items_url.orders.url
    }
  }
}
