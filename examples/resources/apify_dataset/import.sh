# By ID.
terraform import apify_dataset.prices WkzbQMuFYuamGv3YF

# By name, in the account of the API token.
terraform import apify_dataset.prices '~product-prices'

# By name, in the account of a user. USERNAME/NAME works too.
terraform import apify_dataset.prices 'jane~product-prices'
