# The account that the API token belongs to.
data "apify_user" "current" {}

output "account" {
  value = data.apify_user.current.username
}
