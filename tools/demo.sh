#!/bin/sh
# Tells the story of a dataset with examples/demo, and fails if a result is not as expected:
#
#   apify-emulator -- demo.sh CLI PROVIDER
#
# CLI is terraform or tofu. PROVIDER is the provider's binary or its release zip. `make demo` runs this
# script.
set -eu

cli=$(command -v "$1")
case $cli in /*) ;; *) cli=$PWD/$cli ;; esac
provider=$2
root=$(cd "$(dirname "$0")/.." && pwd)

# The demo deletes its dataset, so it must not run against a real account.
case ${APIFY_API_BASE_URL:-} in
http://127.0.0.1:* | http://localhost:* | http://\[::1\]:*) ;;
*)
	echo "demo.sh: APIFY_API_BASE_URL is not the address of an emulator; run make demo" >&2
	exit 2
	;;
esac

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
mkdir "$work/home" "$work/demo"

heading() {
	printf '\n=== %s\n' "$*"
}

fail() {
	printf '\nThe demo failed: %s.\n' "$*" >&2
	exit 1
}

# quiet runs the CLI without the user's own configuration, plugins and credentials.
quiet() {
	HOME="$work/home" TF_CLI_CONFIG_FILE="$work/cli.tfrc" CHECKPOINT_DISABLE=1 "$cli" "$@"
}

# run prints a command and the decisive lines of its output: messages, and a plan as its last line. The
# whole output is in the file log. The exit status is that of the command.
run() {
	printf '\n$ %s %s\n' "$(basename "$cli")" "$*"
	subcommand=$1
	shift
	status=0
	quiet "$subcommand" -no-color "$@" >"$work/log" 2>&1 || status=$?
	awk '
		/used the selected providers|has compared your real|^Changes to Outputs:|^Outputs:/ { skip = 1 }
		/^(Plan|Warning|Error): |^[A-Z][a-z]+ complete!|: (Creating|Modifying|Destroying)\.\.\./ { skip = 0 }
		skip || /: Refreshing state\.\.\./ { next }
		/^$/ { blank = "\n"; next }
		{ print blank $0; blank = "" }
	' "$work/log"
	return "$status"
}

# expect fails unless the output of the last command contains a text.
expect() {
	tr -s ' \n' ' ' <"$work/log" | grep -qF "$1" || fail "the output does not contain \"$1\""
}

# init installs the provider from a directory, and sends no request to a registry.
cat >"$work/cli.tfrc" <<END
provider_installation {
  filesystem_mirror {
    path = "$work/mirror"
  }
}
END
platform=$(quiet version | sed -n 's/^on //p')
for host in registry.terraform.io registry.opentofu.org; do
	package=$work/mirror/$host/apify/apify
	case $provider in
	*.zip) mkdir -p "$package" && cp "$provider" "$package/" ;;
	*)
		mkdir -p "$package/0.1.0/$platform"
		cp "$provider" "$package/0.1.0/$platform/terraform-provider-apify_v0.1.0"
		;;
	esac
done
cp "$root"/examples/demo/*.tf "$work/demo/"
cd "$work/demo"
quiet init -no-color >"$work/log" 2>&1 || {
	cat "$work/log"
	fail 'init failed'
}

heading 'Create a dataset'
sed -n '/^resource/,/^}/p' main.tf
run apply -auto-approve || fail 'apply failed'
id=$(quiet output -raw products_id)

heading 'Apply again: no changes'
run apply -auto-approve || fail 'apply failed'
expect 'No changes.'

heading 'Lose the state and apply again: the provider adopts the same dataset'
printf '\n$ rm terraform.tfstate\n'
rm terraform.tfstate
run apply -auto-approve || fail 'apply without state failed'
expect 'Adopting existing Apify dataset: demo-products'
[ "$(quiet output -raw products_id)" = "$id" ] || fail 'the ID of the dataset has changed'

heading 'A scraper stores two items: destroy is refused'
printf '\n$ go run tools/push.go %s ITEMS\n' "$id"
(cd "$root" && go run tools/push.go "$id" '[{"title":"Chair"},{"title":"Table"}]') || fail 'the items were not stored'
! run destroy -auto-approve || fail 'destroy deleted the items'
expect 'Apify dataset contains items'

heading 'Apply force_destroy = true: destroy deletes the dataset with its items'
run apply -auto-approve -var force_destroy=true || fail 'apply of force_destroy failed'
run destroy -auto-approve || fail 'destroy failed'
[ -z "$(quiet state list)" ] || fail 'destroy left resources in state'
quiet plan -no-color >"$work/log" 2>&1 || fail 'plan after destroy failed'
! grep -q 'Adopting' "$work/log" || fail 'destroy left the dataset on the server'

heading 'Done'
echo "The provider created, adopted, protected and deleted dataset $id."
