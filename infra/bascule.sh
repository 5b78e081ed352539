#!/usr/bin/env bash
# Starts, follows and decides a migration from a pipeline or a terminal, with the AWS CLI (1 or 2) and nothing else.
#
#   bascule.sh plan INPUT [NAME]                   a dry run: changes nothing, prints the plan as Markdown
#   bascule.sh start INPUT [NAME]                  starts a migration, prints its execution's ARN
#   bascule.sh follow EXECUTION                    prints each state it enters and each question; fails where it ends badly
#   bascule.sh approve|reject EXECUTION QUESTION DIGEST BY [COMMENT]
#                                                  answers `qualification` or `cleanup`; the digest is in the message and in `follow`
#   bascule.sh rollback EXECUTION [REASON]         gives production back to blue, prints the execution's ARN to follow
#   bascule.sh cleanup EXECUTION at TIME           moves blue's deletion to a time such as 2026-01-31T06:00:00 (UTC)
#   bascule.sh cleanup EXECUTION never             keeps the schedule, switched off; `at` switches it on again
#   bascule.sh cleanup EXECUTION now               starts the deletion, as after a no
#   bascule.sh destroyable EXECUTION               what Terraform is to destroy of blue; fails unless the cleanup waits for it
#   bascule.sh report EXECUTION                    what was done when and by which function, from the ledger
#
# EXECUTION is the ARN that `start` prints. BASCULE_STACK names the stack (bascule); BASCULE_POLL the seconds between two looks (15).
set -euo pipefail

usage() {
  sed -n '2,/^set -euo/s/^# \{0,1\}//p' "$0" >&2
  exit 2
}

output() {
  aws cloudformation describe-stacks --stack-name "${BASCULE_STACK:-bascule}" --output text \
    --query "Stacks[0].Outputs[?OutputKey=='$1'].OutputValue"
}

# A text as JSON. Control characters have no place in names and comments.
json() {
  local text=${1//[[:cntrl:]]/ }
  text=${text//\\/\\\\}
  printf '"%s"' "${text//\"/\\\"}"
}

# Items of the migration's part of the ledger whose sort key begins with the second argument, by a JMESPath query.
ledger() {
  aws dynamodb query --table-name "$(output LedgerTable)" --consistent-read --output text --query "$3" \
    --key-condition-expression 'pk = :pk AND begins_with(sk, :sk)' \
    --expression-attribute-values "{\":pk\": {\"S\": \"MIGRATION#$1\"}, \":sk\": {\"S\": \"$2\"}}"
}

start() {
  aws stepfunctions start-execution --state-machine-arn "$(output "$1")" --input "$2" ${3:+--name "$3"} --output text --query executionArn
}

follow() {
  local execution=$1 seen=0 asked="" status states now id time name
  while true; do
    # The status first: what is entered after it is read again.
    status=$(aws stepfunctions describe-execution --execution-arn "$execution" --output text --query status)
    states=$(aws stepfunctions get-execution-history --execution-arn "$execution" --no-include-execution-data --reverse-order --max-items 200 \
      --query "events[?stateEnteredEventDetails && id > \`$seen\`].[id, timestamp, stateEnteredEventDetails.name]" --output text | sort -n)
    while IFS=$'\t' read -r id time name; do
      [[ $id == [0-9]* ]] || continue
      seen=$id
      # The AWS CLI 1 writes seconds, 2 writes ISO 8601.
      [[ $time != *T* ]] && time=$(date -u -d "@$time" +%FT%TZ)
      printf '%s %s\n' "$time" "$name"
    done <<<"$states"
    [ "$status" = RUNNING ] || break
    now=$(ledger "$execution" "APPROVAL#" "Items[?!answer].[sk.S, digest.S, deadline.S]" |
      sed -nE 's/^APPROVAL#([^#[:space:]]*)[^[:space:]]*[[:space:]]+([^[:space:]]+)[[:space:]]+/asked: \1, digest \2, until /p')
    [ "$now" = "$asked" ] || printf '%s' "${now:+$now$'\n'}"
    asked=$now
    sleep "${BASCULE_POLL:-15}"
  done
  echo "$status"
  if [ "$status" != SUCCEEDED ]; then
    aws stepfunctions describe-execution --execution-arn "$execution" --output text --query '[error, cause]' >&2
    return 1
  fi
  aws stepfunctions describe-execution --execution-arn "$execution" --output text --query output
}

plan() {
  local input execution answer
  input=$(sed 's/"dryRun"[[:space:]]*:[[:space:]]*false/"dryRun": true/' "$1")
  grep -q '"dryRun"' <<<"$input" || input="{\"dryRun\": true,${input#*\{}"
  execution=$(start MigrateMachineArn "$input" "${2:-}")
  follow "$execution" >&2
  # Who may ask bascule-decide may answer it too: others get what the ledger has, as JSON.
  answer=$(invoke "{\"migrationId\": $(json "$execution"), \"show\": \"plan.md\"}") || { written "$execution" && echo && return; }
  answer=${answer#'{"text":'} && answer=${answer# } && answer=${answer#'"'}
  answer=${answer//\\\"/\"}
  printf '%b\n' "${answer%'"}'}"
}

written() {
  ledger "$1" "PLAN#$(ledger "$1" META 'Items[0].digest.S')#" 'Items[].part.S' | tr -d '\t\n'
}

destroyable() {
  [ "$(ledger "$1" META 'Items[0].life.S')" = cleaning-up ] || { echo "the cleanup of $1 waits for nothing" >&2 && return 1; }
  written "$1" | grep -o '"destroyedBy":"[^"]*"' | sort -u
}

# What bascule-decide answers to a payload.
invoke() {
  local payload answer problem
  payload=$(mktemp) answer=$(mktemp)
  # shellcheck disable=SC2064 # the names as they are now
  trap "rm -f '$payload' '$answer'" EXIT
  printf '%s' "$1" >"$payload"
  problem=$(aws lambda invoke --function-name bascule-decide --payload "fileb://$payload" --output text --query FunctionError "$answer")
  cat "$answer"
  echo
  [ "$problem" = None ]
}

decide() {
  invoke "$(printf '{"migrationId": %s, "approvalId": %s, "digest": %s, "decision": "%s", "by": %s, "comment": %s}' \
    "$(json "$2")" "$(json "$3")" "$(json "$4")" "$1" "$(json "$5")" "$(json "${6:-}")")"
}

cleanup() {
  local name state=ENABLED when schedule
  name=$(ledger "$1" "RESOURCE#temporary#Schedule#cleanup" "Items[?status.S=='present'].id.S")
  [ -n "$name" ] || {
    echo "the ledger of $1 has no schedule of a cleanup: it was not promoted, or the schedule has run (then: cleanup EXECUTION now)" >&2 && return 1
  }
  when=$(aws scheduler get-schedule --group-name bascule --name "$name" --output text --query ScheduleExpression)
  case "$2" in
    at) when="at($3)" ;;
    never) state=DISABLED ;;
    *) usage ;;
  esac
  schedule=$(aws scheduler get-schedule --group-name bascule --name "$name" --output json --query "{Name: Name, GroupName: GroupName, Target: Target,
    FlexibleTimeWindow: FlexibleTimeWindow, ActionAfterCompletion: ActionAfterCompletion, State: '$state', ScheduleExpression: '$when'}")
  aws scheduler update-schedule --cli-input-json "$schedule" --output text --query ScheduleArn
}

command=${1:-}
shift || usage
case "$command/$#" in
  plan/[12]) plan "$@" ;;
  start/[12]) start MigrateMachineArn "$(<"$1")" "${2:-}" ;;
  follow/1) follow "$1" ;;
  approve/[45]) decide approved "$@" ;;
  reject/[45]) decide rejected "$@" ;;
  rollback/[12]) start RollbackMachineArn "{\"migrationId\": $(json "$1"), \"reason\": $(json "${2:-Requested}")}" ;;
  cleanup/2) if [ "$2" = now ]; then start CleanupMachineArn "{\"migrationId\": $(json "$1")}"; else cleanup "$@"; fi ;;
  cleanup/3) cleanup "$@" ;;
  destroyable/1) destroyable "$1" ;;
  report/1) ledger "$1" EVENT# 'Items[].[at.S, by.S, what.S]' ;;
  *) usage ;;
esac
