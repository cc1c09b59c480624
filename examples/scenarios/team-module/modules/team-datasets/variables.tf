variable "team" {
  description = "The team's name: lower case letters and digits."
  type        = string

  validation {
    condition     = can(regex("^[a-z0-9]{1,20}$", var.team))
    error_message = "The team has to be 1 to 20 lower case letters and digits."
  }
}

variable "datasets" {
  description = "The team's datasets by name (without the team's): who may read them, and whether they may be deleted with their items."
  type = map(object({
    general_access = optional(string, "RESTRICTED")
    disposable     = optional(bool, false)
  }))
}
