#include "cli/evaluate_command.h"

#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <stdexcept>

#include "cli/config.h"
#include "cli/evaluation_report.h"
#include "cli/event_stream.h"
#include "cli/predictor.h"
#include "cli/progress.h"
#include "cli/units.h"

namespace freshet::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;

struct EvaluateArguments {
  std::vector<std::string> files, train, test;
  std::string columns;
  bool header = false;
  std::string session_gap, parts, config_file, against;
  std::uint64_t limit = UINT64_MAX, skip = 0;
  std::optional<std::uint64_t> seed;
  std::string json, predictions, plot;
};

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= text.size();) {
    const std::size_t comma = std::min(text.find(',', at), text.size());
    parts.push_back(text.substr(at, comma - at));
    at = comma + 1;
  }
  return parts;
}

std::chrono::seconds parse_gap(const std::string& text) {
  const bool plain = !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
  const auto gap = parse_duration(plain ? text + "s" : text);
  if (!gap || *gap < std::chrono::milliseconds(0)) {
    throw std::runtime_error("--session-gap: \"" + text + "\" is neither seconds nor a duration such as 30m");
  }
  return std::chrono::duration_cast<std::chrono::seconds>(*gap);
}

online::Options options_of(const EvaluateArguments& arguments, const Config& config) {
  online::Options options = config.online;
  if (!arguments.session_gap.empty()) options.session_gap = parse_gap(arguments.session_gap);
  if (!arguments.parts.empty()) options.parts = split(arguments.parts);
  if (arguments.seed) options.seed = *arguments.seed;
  if (const auto problems = options.validate(); !problems.empty()) throw std::runtime_error("--" + problems.front());
  return options;
}

StreamFormat format_of(const EvaluateArguments& arguments, const Config& config) {
  StreamFormat format;
  format.header = arguments.header;
  format.columns = config.replay_columns;
  if (!arguments.columns.empty()) {
    auto columns = parse_columns(arguments.columns);
    if (!columns) throw std::runtime_error("--columns: " + columns.error().message);
    format.columns = *std::move(columns);
  }
  return format;
}

/// The file that `--json`, `--predictions` or `--plot` names; "-" is standard output.
void write_file(const std::string& path, const std::string& text) {
  if (path == "-") {
    std::fputs(text.c_str(), stdout);
    return;
  }
  std::ofstream out(path, std::ios::trunc);
  if (!(out << text) || !out.flush()) throw std::runtime_error("cannot write " + path);
}

/// Position, target and every part's rank, per scored event: enough to recompute every figure.
class Predictions {
 public:
  Predictions(const std::string& path, const std::vector<std::string>& parts) {
    if (path.empty()) return;
    out_.open(path, std::ios::trunc);
    out_ << "position\ttarget";
    for (const std::string& part : parts) out_ << '\t' << part;
    out_ << '\n';
    if (!out_) throw std::runtime_error("cannot write " + path);
  }

  void add(std::uint64_t position, const std::string& target, const std::vector<std::optional<std::size_t>>& ranks) {
    if (!out_.is_open()) return;
    out_ << position << '\t' << target;
    for (const auto& rank : ranks) out_ << '\t' << (rank ? std::to_string(*rank) : "-");
    out_ << '\n';
  }

  void close() {
    if (out_.is_open() && !out_.flush()) throw std::runtime_error("cannot write the predictions");
  }

 private:
  std::ofstream out_;
};

class EvaluateRun {
 public:
  explicit EvaluateRun(const EvaluateArguments& arguments)
      : arguments_(arguments),
        config_(load_config_or_throw(arguments.config_file)),
        options_(options_of(arguments, config_)),
        format_(format_of(arguments, config_)),
        predictor_(arguments.against.empty() ? make_model_predictor(options_)
                                             : make_service_predictor(arguments.against, options_)),
        evaluation_(predictor_->part_names()),
        predictions_(arguments.predictions, evaluation_.parts()),
        progress_("events", arguments.json == "-") {}

  /// The prequential protocol: every event is scored, then learned.
  void stream(const std::vector<std::string>& files) {
    read(files, [this](const Event& event) { score(event, true, false); });
  }

  /// The classical protocol: one part of the log is learned, the other is scored and never learned.
  void split(const std::vector<std::string>& train, const std::vector<std::string>& test) {
    online::Evaluation unused(evaluation_.parts());
    read(train, [&](const Event& event) { predictor_->take(event, true, unused); });
    read(test, [this](const Event& event) { score(event, false, true); });
  }

  void report() {
    predictions_.close();
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    run_.items = predictor_->items();
    run_.seconds = std::chrono::duration<double>(SteadyClock::now() - start_).count();
    run_.peak_rss_bytes = static_cast<std::size_t>(usage.ru_maxrss) * 1024;
    run_.seed = options_.seed;
    if (!arguments_.json.empty()) write_file(arguments_.json, report_json(run_, evaluation_));
    if (!arguments_.plot.empty()) write_file(arguments_.plot, report_svg(run_, evaluation_));
    if (arguments_.json != "-") std::fputs(report_text(run_, evaluation_).c_str(), stdout);
  }

 private:
  template <typename Take>
  void read(const std::vector<std::string>& files, Take take) {
    for (std::size_t i = 0; i < files.size(); ++i) {
      auto stream = EventStream::open(files[i], format_);
      if (!stream) throw std::runtime_error(stream.error().message);
      const std::string name = files[i] == "-" ? "stdin" : std::filesystem::path(files[i]).string();
      run_.stream += (run_.stream.empty() ? "" : ", ") + name;
      while (run_.events < arguments_.limit) {
        auto event = (*stream)->next();
        if (!event) throw std::runtime_error(files[i] + ": " + event.error().message);
        if (!*event) break;
        ++position_;
        if (position_ <= arguments_.skip) continue;
        ++run_.events;
        take(**event);
        if (run_.events % 256 == 0) show(**stream, i, files.size());
      }
      for (const std::string& complaint : (*stream)->complaints()) {
        std::fprintf(stderr, "%s: %s\n", files[i].c_str(), complaint.c_str());
      }
    }
  }

  void score(const Event& event, bool learns, bool skips_unseen) {
    const auto& outcome = predictor_->take(event, learns, evaluation_);
    if (!outcome.scored || (skips_unseen && outcome.unseen_target)) return;
    evaluation_.record(outcome.ranks, outcome.unseen_target);
    predictions_.add(position_, event.item, outcome.ranks);
  }

  void show(const EventStream& stream, std::size_t file, std::size_t files) {
    double part = -1;
    if (stream.bytes_total() > 0) {
      const double of_file = static_cast<double>(stream.bytes_read()) / static_cast<double>(stream.bytes_total());
      part = (static_cast<double>(file) + of_file) / static_cast<double>(files);
    }
    if (arguments_.limit != UINT64_MAX) {
      part = std::max(part, static_cast<double>(run_.events) / static_cast<double>(arguments_.limit));
    }
    progress_.update(run_.events, part);
  }

  const EvaluateArguments& arguments_;
  const Config config_;
  const online::Options options_;
  const StreamFormat format_;
  std::unique_ptr<Predictor> predictor_;
  online::Evaluation evaluation_;
  Predictions predictions_;
  Progress progress_;
  const SteadyClock::time_point start_ = SteadyClock::now();
  EvaluationRun run_;
  std::uint64_t position_ = 0;  // of the newest event in its input, from 1
};

void evaluate(const EvaluateArguments& arguments) {
  const bool split = !arguments.train.empty() || !arguments.test.empty();
  if (split == !arguments.files.empty() || arguments.train.empty() != arguments.test.empty()) {
    throw std::runtime_error("evaluate: give either recorded streams, or both --train and --test");
  }
  auto run = std::make_unique<EvaluateRun>(arguments);
  if (split) {
    run->split(arguments.train, arguments.test);
  } else {
    run->stream(arguments.files);
  }
  run->report();
}

}  // namespace

void add_evaluate_command(CLI::App& app) {
  auto arguments = std::make_shared<EvaluateArguments>();
  CLI::App* command = app.add_subcommand("evaluate", "Measure how well every part recommends on a recorded stream");
  command->footer(
      "Prequential: every event but the first of a session is ranked against all items seen so far, then learned\n"
      "(docs/evaluate.md). The model is the one that `freshet serve` runs.\n"
      "\n"
      "Examples:\n"
      "  freshet evaluate clicks.tsv.gz --columns session,item,time,type\n"
      "  freshet evaluate shop.csv.zst --header --session-gap 0 --json report.json --plot quality.svg\n"
      "  freshet evaluate clicks.tsv.gz --parts popularity,covisitation      without the others\n"
      "  freshet evaluate --train train.tsv --test test.tsv                  nothing is learned from the test set\n"
      "  freshet evaluate clicks.tsv.gz --against http://127.0.0.1:8080      a running service, through its API");
  command->add_option("files", arguments->files, "Recorded streams in order of time; - is standard input");
  command->add_option("--train", arguments->train, "Learned before the test set is scored");
  command->add_option("--test", arguments->test, "Scored, not learned; targets that were never seen are passed over");
  command->add_option(
      "--columns", arguments->columns,
      "What each column is, in file order: user, session, item, time, type, value, id, request, or - to "
      "skip it (default session,item,time,type)");
  command->add_flag("--header", arguments->header, "The first line names the columns");
  command->add_option("--session-gap", arguments->session_gap,
                      "Seconds (or 30m, 2h) without an event that end a session; 0: never (default 30m)");
  command->add_option("--limit", arguments->limit, "Take at most so many events");
  command->add_option("--skip", arguments->skip, "Pass over so many events first");
  command->add_option("--parts", arguments->parts, "Parts that take part, separated by commas (default: all)");
  command->add_option("--seed", arguments->seed, "Of every random choice (default 1)");
  command
      ->add_option("-c,--config", arguments->config_file, "Configuration whose [online] and [replay] sections are used")
      ->check(CLI::ExistingFile);
  command->add_option("--against", arguments->against, "A running service to ask and feed, instead of a model in here");
  command->add_option("--json", arguments->json, "Write the report as JSON; -: to standard output, instead of tables");
  command->add_option("--predictions", arguments->predictions,
                      "Write position, target and each part's rank per scored event (TSV)");
  command->add_option("--plot", arguments->plot, "Write a chart of quality over the stream (SVG)");
  command->callback([arguments] { evaluate(*arguments); });
}

}  // namespace freshet::cli
