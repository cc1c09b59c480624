variable "sources" {
  description = "What is scraped: one dataset each, per environment."
  type        = set(string)
  default     = ["products", "reviews", "sellers"]
}

variable "environments" {
  description = "The environments, whether their data may be thrown away, and who may read it."
  type = map(object({
    disposable     = optional(bool, false)
    general_access = optional(string, "RESTRICTED")
  }))
  default = {
    dev        = { disposable = true, general_access = "ANYONE_WITH_ID_CAN_READ" }
    staging    = { disposable = true }
    production = {}
  }
}
