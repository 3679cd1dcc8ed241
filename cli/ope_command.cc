// SPDX-License-Identifier: Apache-2.0
#include "cli/ope_command.h"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "base/printable.h"
#include "cli/off_policy/candidate_option.h"
#include "cli/off_policy/feedback_builder.h"
#include "cli/off_policy/feedback_log.h"
#include "cli/off_policy/off_policy_report.h"
#include "cli/support/arguments.h"
#include "cli/support/output_file.h"

namespace freshet::cli {
namespace {

struct OpeArguments {
  std::vector<std::string> files, rewards;
  std::string policy = "uniform", logger, placement, arm, columns, propensity = "step";
  std::string prediction, expected_prediction, json;
  double learn_share = 0.5;
  online::OffPolicyOptions options;
};

template <typename T>
T value_or_throw(Result<T> result, const std::string& option) {
  if (!result) throw std::runtime_error((option.empty() ? "" : option + ": ") + result.error().message);
  return *std::move(result);
}

std::map<std::string, double> parse_rewards(const std::vector<std::string>& pairs) {
  std::map<std::string, double> rewards;
  for (const std::string& pair : pairs) {
    const std::size_t equals = std::min(pair.find('='), pair.size());
    const auto value = feedback_number(std::string_view(pair).substr(std::min(equals + 1, pair.size())));
    if (equals == 0 || !value || !(std::abs(*value) < 1e9)) {
      throw std::runtime_error("--rewards: \"" + pair + "\" is not TYPE=REWARD");
    }
    rewards[pair.substr(0, equals)] = *value;
  }
  return rewards;
}

FeedbackFormat make_format(const OpeArguments& arguments, const CandidateOption& candidate) {
  FeedbackFormat format;
  if (candidate.kind == CandidateOption::Kind::column) format.candidate = candidate.name;
  format.placement = arguments.placement;
  format.arm = arguments.arm;
  format.prediction = arguments.prediction;
  format.expected_prediction = arguments.expected_prediction;
  if (!arguments.rewards.empty()) format.rewards = parse_rewards(arguments.rewards);
  if (!arguments.columns.empty()) {
    format.columns = value_or_throw(parse_feedback_columns(arguments.columns, format), "--columns");
  }
  return format;
}

std::string joined(const std::vector<std::string>& names, const char* otherwise) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : ", ") + name;
  return all.empty() ? otherwise : all;
}

std::string loggers_of(const online::LoggedFeedback& log) {
  std::vector<std::string> names;
  for (std::uint32_t policy = 0; policy < log.policies.size(); ++policy) {
    if (std::ranges::any_of(log.lists, [&](const auto& list) { return list.policy == policy; })) {
      names.push_back(log.policies[policy]);
    }
  }
  return joined(names, "the logging policy");
}

void ope(const OpeArguments& arguments) {
  if (arguments.prediction.empty() != arguments.expected_prediction.empty()) {
    throw std::runtime_error("give both --prediction and --expected-prediction, or neither");
  }
  const CandidateOption option = value_or_throw(parse_candidate(arguments.policy), "--policy");
  const auto log = value_or_throw(read_feedback_log(arguments.files, make_format(arguments, option)), "");
  const auto candidate = value_or_throw(make_candidate(log, option, arguments.logger, arguments.learn_share), "");
  online::OffPolicyOptions options = arguments.options;
  options.propensities =
      arguments.propensity == "step" ? online::PropensityKind::step : online::PropensityKind::marginal;
  options.recorded_candidate = option.kind == CandidateOption::Kind::column;
  options.recorded_predictions = !arguments.prediction.empty();
  const online::OffPolicyResult result = estimate_off_policy(candidate.log, *candidate.policy, options);
  for (const std::string& reason : result.refusals) {
    std::fprintf(stderr, "freshet: no estimate: %s\n", printable(reason).c_str());
  }
  if (!result.refusals.empty()) throw CLI::RuntimeError(1);
  const OffPolicyRun run{joined(arguments.files, ""),
                         arguments.policy,
                         loggers_of(candidate.log),
                         log.actions.size(),
                         log.positions.size(),
                         candidate.learned_lists,
                         options.level,
                         options.max_weight,
                         options.seed};
  if (arguments.json == "-") {
    std::fputs(off_policy_json(run, result).c_str(), stdout);
    return;
  }
  if (!arguments.json.empty()) write_file(arguments.json, off_policy_json(run, result));
  std::fputs(printable_lines(off_policy_text(run, result)).c_str(), stdout);
}

void add_log_options(CLI::App& command, OpeArguments& arguments) {
  command.add_option("files", arguments.files, "Logs, in order of time; - is standard input")->required();
  command
      .add_option(
          "--policy", arguments.policy,
          "The candidate policy: uniform, popular, softmax:TEMPERATURE (in units of reward), logged:NAME (another "
          "policy of the log), column:NAME (the log has its probability of each logged action)")
      ->capture_default_str();
  command.add_option("--logger", arguments.logger,
                     "Evaluate on the lists of this policy only (default: all but those of a logged candidate policy)");
  command.add_option("--placement", arguments.placement, "Served lists of this placement only");
  command.add_option("--arm", arguments.arm, "Served lists of this arm only");
  command
      .add_option("--learn-share", arguments.learn_share,
                  "Share of the lists, the earliest, that popular and softmax learn from; the rest is evaluated")
      ->check(number_between(0.01, 0.99))
      ->capture_default_str();
  command.add_option("--columns", arguments.columns,
                     "Columns of a table whose first line does not name them, in file order: list, owner, item, time, "
                     "type, reward, position, propensity, least_propensity, policy, or - to ignore one (default: "
                     "-,item,time,type,propensity,position,policy)");
  command.add_option("--rewards", arguments.rewards, "Rewards by event type, as TYPE=REWARD (default: click=1)")
      ->delimiter(',')
      ->allow_extra_args(false);
  command
      .add_option("--propensity", arguments.propensity,
                  "What a propensity is, in lists of several positions: step (given the items above) or marginal")
      ->check(CLI::IsMember({"step", "marginal"}))
      ->capture_default_str();
  command.add_option("--prediction", arguments.prediction,
                     "Column with the predicted reward of the logged item, instead of the built-in reward model");
  command.add_option("--expected-prediction", arguments.expected_prediction,
                     "Column with the mean predicted reward over the candidate policy's choices");
}

void add_estimate_options(CLI::App& command, OpeArguments& arguments) {
  auto& options = arguments.options;
  command.add_option("--max-weight", options.max_weight, "Clip larger importance weights (default: never)")
      ->check(number_between(1e-6, 1e12));
  command.add_option("--lambda", options.lambda, "Shrinkage of DRos (default: chosen from the data)")
      ->check(number_between(0, std::numeric_limits<double>::infinity()));
  command.add_option("--folds", options.folds, "Folds of the reward model")
      ->check(whole_number(2, 100))
      ->capture_default_str();
  command
      .add_option("--max-reward", options.max_reward,
                  "Largest reward that an item can have; anytime-valid intervals need it")
      ->check(number_between(1e-9, 1e9))
      ->capture_default_str();
  command
      .add_option("--least-propensity", options.least_propensity,
                  "No item gets a smaller propensity by design, unless none (default: 0, or as the log says)")
      ->check(number_between(0, 1));
  command
      .add_option("--max-uncovered", options.max_uncovered,
                  "Refuse if the logging policy never makes more than this share of the candidate policy's choices")
      ->check(number_between(0, 1))
      ->capture_default_str();
  command.add_option("--min-effective", options.min_effective, "Refuse below this effective sample size")
      ->check(number_between(1, 1e9))
      ->capture_default_str();
  command.add_option("--bootstrap", options.resamples, "Resamples of the bootstrap")
      ->check(whole_number(50, 1'000'000))
      ->capture_default_str();
  command.add_option("--level", options.level, "Level of the intervals")
      ->check(number_between(0.5, 0.9999))
      ->capture_default_str();
  command.add_option("--seed", options.seed, "Seed of all random choices")
      ->check(whole_number())
      ->capture_default_str();
  command.add_option("--json", arguments.json,
                     "Write the report as JSON to this file; -: to standard output, instead of the table");
}

}  // namespace

void add_ope_command(CLI::App& app) {
  auto arguments = std::make_shared<OpeArguments>();
  CLI::App* command = app.add_subcommand("ope", "Estimate from a log what another policy would have earned");
  command->footer(
      "Off-policy evaluation. The log says what was shown, how likely that was (the propensity), and what it earned.\n"
      "docs/off_policy.md defines the formats, the estimators and every field of the report, and says when a log "
      "cannot\n"
      "answer: then the exit code is 1, with the reasons.\n"
      "\n"
      "Examples:\n"
      "  freshet ope served.jsonl.gz --policy uniform\n"
      "  freshet ope served.jsonl.gz --policy softmax:0.01 --rewards click=1,purchase=10 --max-reward 11\n"
      "  freshet ope bandit.tsv.gz --logger random --policy logged:bts --json report.json");
  add_log_options(*command, *arguments);
  add_estimate_options(*command, *arguments);
  command->callback([arguments] { ope(*arguments); });
}

}  // namespace freshet::cli
