// SPDX-License-Identifier: Apache-2.0
#include "cli/evaluate_command.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>
#include <stdexcept>
#include <unordered_map>

#include "app/config.h"
#include "base/log.h"
#include "base/options.h"
#include "base/printable.h"
#include "base/units.h"
#include "cli/evaluate/evaluation_predictions.h"
#include "cli/evaluate/evaluation_report.h"
#include "cli/evaluate/predictor.h"
#include "cli/evaluate/session_lists.h"
#include "cli/streams/catalogue_file.h"
#include "cli/streams/recorded_events.h"
#include "cli/support/arguments.h"
#include "cli/support/output_file.h"
#include "cli/support/progress.h"
#include "ingest/codec/event_decoder.h"
#include "online/all_parts.h"
#include "online/model/unknown_types.h"

namespace freshet::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct EvaluateArguments {
  std::vector<std::string> files, train, test;
  StreamArguments stream;
  std::vector<std::string> parts;
  std::string session_gap, config_file, against;
  std::string items, item_columns;
  std::optional<std::string> value;
  bool lockstep = false;
  bool one_sender = false;
  std::optional<std::uint64_t> seed;
  std::string json, predictions, plot;

  bool splits() const { return !train.empty(); }
  void validate() const;
};

void EvaluateArguments::validate() const {
  if (files.empty() == train.empty() || train.empty() != test.empty()) {
    throw std::runtime_error("give recorded streams, or both --train and --test");
  }
  if (splits() && (stream.skip > 0 || stream.limit != UINT64_MAX)) {
    throw std::runtime_error("--skip, --limit: not with --train and --test, which are read as a whole");
  }
  if (one_sender && (splits() || !against.empty())) {
    throw std::runtime_error("--one-sender: not with --against or --train; a service sees its own senders");
  }
  if (items.empty() && !item_columns.empty()) throw std::runtime_error("--item-columns: only with --items");
  for (const auto& [option, path] : {std::pair{"--predictions", predictions}, std::pair{"--plot", plot}}) {
    if (path == "-") throw std::runtime_error(std::string(option) + ": not to standard output, which has the report");
  }
  if (against.empty() && lockstep) throw std::runtime_error("--lockstep: only with --against");
  if (against.empty()) return;
  if (splits())
    throw std::runtime_error(
        "--against: not with --train and --test, because a running service learns every event that it gets");
  if (!parts.empty()) throw std::runtime_error("--parts: not with --against; the service uses its own online.parts");
  if (seed) throw std::runtime_error("--seed: not with --against; the service uses its own online.seed");
}

/// Nullopt for an empty `text`.
std::optional<std::chrono::seconds> parse_gap(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto gap = parse_seconds(text);
  if (!gap || *gap % std::chrono::seconds(1) != std::chrono::milliseconds(0)) {
    throw std::runtime_error("--session-gap: \"" + text + "\" is not a number of seconds or a duration such as 30m");
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*gap);
}

void set_parts(const std::vector<std::string>& names, online::Options& options) {
  for (const OptionProblem& problem : options.set_parts(names)) {
    if (!problem.warning) throw std::runtime_error("--" + to_string(problem));
    log::warn("a part has a new name; the former one still works, but should be replaced",
              {{"problem", "--" + to_string(problem)}});
  }
}

std::string part_names() {
  std::string names;
  for (const online::PartKind* kind : online::all_parts())
    names += (names.empty() ? "" : ", ") + std::string(kind->name);
  return names;
}

/// Nullopt if the option is not given.
std::optional<online::Values> parse_value(const std::optional<std::string>& text, const online::Options& options) {
  if (!text) return std::nullopt;
  auto values = online::parse_values(*text, '=');
  if (!values) throw std::runtime_error("--value: " + values.error().message);
  if (const auto problems = online::judge_values(*values, options.blender.actions); !problems.empty()) {
    throw std::runtime_error("--value: " + to_string(problems.front()));
  }
  return *std::move(values);
}

std::unique_ptr<Predictor> make_predictor(const EvaluateArguments& arguments, const app::Config& config) {
  const auto session_gap = parse_gap(arguments.session_gap);
  const auto values = parse_value(arguments.value, config.online);
  if (!arguments.against.empty()) {
    return make_service_predictor(arguments.against, session_gap, arguments.lockstep, values);
  }
  online::Options options = config.online;
  if (values) options.values = *values;
  if (session_gap) options.session_gap = *session_gap;
  if (!arguments.parts.empty()) set_parts(arguments.parts, options);
  if (arguments.seed) options.seed = *arguments.seed;
  if (const auto problems = options.validate(); !problems.empty())
    throw std::runtime_error("--" + to_string(problems.front()));
  return make_model_predictor(options);
}

std::size_t peak_rss_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<std::size_t>(usage.ru_maxrss) * 1024;
}

class Evaluate {
 public:
  explicit Evaluate(const EvaluateArguments& arguments)
      : arguments_(arguments),
        config_(app::load_config_or_throw(arguments.config_file)),
        format_(arguments.stream.format(config_)),
        predictor_(make_predictor(arguments, config_)),
        evaluation_(predictor_->part_names()),
        predictions_(arguments.predictions, evaluation_.parts()),
        progress_("events", arguments.json == "-") {
    app::log_warnings(config_);
    if (!arguments.items.empty()) describe_items();
  }

  /// Prequential protocol: every event is scored, then learned.
  void prequential() {
    read(arguments_.files, [this](Event& event, std::uint64_t position) {
      if (arguments_.one_sender) event.sender = "all/all";
      record(position, event, predictor_->take(event, true, evaluation_));
    });
  }

  /// Train-test protocol: the training set is learned, then the test set is scored without being learned.
  void train_and_test() {
    online::Evaluation unused(evaluation_.parts());
    read(arguments_.train, [&](const Event& event, std::uint64_t) { predictor_->take(event, true, unused); });
    read(arguments_.test, [this](const Event& event, std::uint64_t position) {
      const auto& outcome = predictor_->take(event, false, evaluation_);
      if (!outcome.unseen_target) record(position, event, outcome);
    });
  }

  /// Returns the exit code: 1 if nothing was measured.
  int report() {
    progress_.finish();
    predictions_.close();
    run_.items = predictor_->items();
    run_.seed = predictor_->options().seed;
    run_.seconds = std::chrono::duration<double>(SteadyClock::now() - start_).count();
    run_.peak_rss_bytes = peak_rss_bytes();
    run_.calibration = predictor_->calibration();
    if (!arguments_.json.empty()) write_file(arguments_.json, report_json(run_, evaluation_));
    if (!arguments_.plot.empty()) write_file(arguments_.plot, report_svg(run_, evaluation_));
    if (arguments_.json != "-") std::fputs(report_text(run_, evaluation_).c_str(), stdout);
    if (nothing_.empty() && evaluation_.scored() == 0) {
      nothing_ = "no event was scored: each is the first of its session, on the item before it, or of weight 0";
    }
    if (!nothing_.empty()) std::fprintf(stderr, "freshet: %s\n", printable(nothing_).c_str());
    return nothing_.empty() ? 0 : 1;
  }

 private:
  void describe_items() {
    auto file = read_catalogue(arguments_.items, arguments_.item_columns, Dimensions::alike);
    if (!file) throw std::runtime_error(file.error().message);
    for (const std::string& complaint : file->complaints) std::fprintf(stderr, "%s\n", printable(complaint).c_str());
    if (file->items.empty()) {
      std::fprintf(stderr, "freshet: %s: %s\n", printable(arguments_.items).c_str(), file->why_none().c_str());
      throw CLI::RuntimeError(1);
    }
    for (Item& item : file->items) {
      predictor_->describe(ingest::item_event({.kind = ItemChange::Kind::put, .item = std::move(item)}, Timestamp()));
    }
    run_.skipped_items = file->skipped;
    run_.has_catalogue = true;
  }

  template <typename Take>
  void read(const std::vector<std::string>& files, Take take) {
    RecordedEvents events(files, format_, arguments_.stream.skip, arguments_.stream.limit);
    while (auto event = events.next()) {
      unknown_types_.has(*event);
      take(*event, events.position());
      if (predictor_->options().weight_of(*event) > 0) ++clicks_[event->item];
      if (++run_.events % 256 == 0) progress_.update(run_.events, events.part());
    }
    if (events.taken() == 0) nothing_ = files.front() + ": " + events.why_none();
    for (const std::string& file : files) run_.stream += (run_.stream.empty() ? "" : ", ") + file;
    run_.skipped_lines += events.skipped_lines();
    run_.out_of_order += events.out_of_order();
  }

  void record(std::uint64_t position, const Event& event, const online::Model::Outcome& outcome) {
    const std::string& type = predictor_->options().type_of(event.type);
    if (!outcome.scored) {
      if (const auto* ranks = lists_.of_unscored(event)) evaluation_.record_type(type, *ranks);
      return;
    }
    lists_.scored(event, outcome.ranks);
    evaluation_.record_type(type, outcome.ranks);
    evaluation_.record(outcome.ranks, outcome.unseen_target, clicks_[event.item]);
    predictions_.add(position, event.item, outcome.ranks);
  }

  const EvaluateArguments& arguments_;
  const app::Config config_;
  const StreamFormat format_;
  const SteadyClock::time_point start_ = SteadyClock::now();
  std::unique_ptr<Predictor> predictor_;
  online::Evaluation evaluation_;
  EvaluationPredictions predictions_;
  Progress progress_;
  online::UnknownTypes unknown_types_{predictor_->options()};
  SessionLists lists_{predictor_->options()};
  EvaluationRun run_;
  std::unordered_map<std::string, std::size_t> clicks_;  // so far, by item
  std::string nothing_;                                  // why there is nothing to measure; empty: there is
};

void evaluate(const EvaluateArguments& arguments) {
  arguments.validate();
  Evaluate run(arguments);
  if (arguments.splits()) {
    run.train_and_test();
  } else {
    run.prequential();
  }
  if (const int code = run.report(); code != 0) throw CLI::RuntimeError(code);
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App* command = app.add_subcommand("evaluate", "Measure how well every part recommends on a recorded stream");
  command->footer(
      "Prequential evaluation: the item of every event, except the first of a session, is ranked against all items "
      "seen\n"
      "so far; then the event is learned. The model is the one that `freshet serve` runs. docs/evaluate.md defines "
      "the\n"
      "protocol and every field of the report.\n"
      "Streams are TSV, CSV or JSON lines; plain, .gz or .zst; in order of time.\n"
      "\n"
      "Examples:\n"
      "  freshet evaluate clicks.tsv.gz --columns session,item,time,type\n"
      "  freshet evaluate shop.csv.zst --header --session-gap 0 --json report.json --plot quality.svg\n"
      "  freshet evaluate clicks.tsv.gz --parts popularity,covisitation      only these parts\n"
      "  freshet evaluate shop.jsonl --value purchase=10,cart=3              lists in order of expected value\n"
      "  freshet evaluate clicks.tsv.gz --items items.csv                    with a catalogue\n"
      "  freshet evaluate --train train.tsv --test test.tsv                  the test set is not learned\n"
      "  freshet evaluate clicks.tsv.gz --against http://127.0.0.1:8080      a running test service\n"
      "\n"
      "WARNING: --against sends the events and items to the service. Never use it with a service in production.");
  command->add_option("files", arguments->files, "Recorded streams, in order of time; - is standard input");
  command->add_option("--items", arguments->items,
                      "Catalogue, known from the beginning (TSV, CSV or JSON lines); the report then also has the "
                      "figures by how often the target had been clicked before");
  command->add_option(
      "--item-columns", arguments->item_columns,
      "Columns of a TSV or CSV catalogue, in file order: item, title, text, categories (separated by |), "
      "price, available, time, attribute:NAME, relation:NAME, vector:NAME, or - to ignore one (default: "
      "the first line names them)");
  command->add_option("--train", arguments->train, "Training set: learned, not scored");
  command->add_option("--test", arguments->test, "Test set: scored, not learned; events on unseen items are skipped");
  arguments->stream.add_options(*command);
  command->add_option(
      "--session-gap", arguments->session_gap,
      "Longest pause within a session, in seconds or as 30m, 2h; 0: no limit (default: online.session_gap)");
  command
      ->add_option("--parts", arguments->parts,
                   "Parts to use, separated by commas (default: online.parts), of: " + part_names())
      ->delimiter(',')
      ->allow_extra_args(false);
  command->add_option("--value", arguments->value,
                      "What an event of each type is worth, in place of [value] of the configuration, such as "
                      "purchase=10,cart=3: the blend is in order of the expected value");
  command->add_option("--seed", arguments->seed, "Seed of all random choices (default: online.seed)")
      ->check(whole_number());
  command->add_option("-c,--config", arguments->config_file, "Configuration file; [online] and [replay] are used")
      ->check(CLI::ExistingFile);
  command->add_option("--against", arguments->against,
                      "URL of a running service to evaluate instead of a model in this process");
  command->add_flag("--lockstep", arguments->lockstep,
                    "With --against: after each event, wait until the service has learned and published it");
  command->add_flag("--one-sender", arguments->one_sender,
                    "As if one client had sent all events: what online.sender_limit costs a site with one back end");
  command->add_option("--json", arguments->json,
                      "Write the report as JSON to this file; -: to standard output, instead of the tables");
  command->add_option("--predictions", arguments->predictions,
                      "Write position, target and the rank in each part to this file, per scored event (TSV)");
  command->add_option(
      "--plot", arguments->plot,
      "Write charts of quality over the stream, and with --items over earlier clicks, to this file (SVG)");
  command->callback([arguments] { evaluate(*arguments); });
}

}  // namespace freshet::cli
