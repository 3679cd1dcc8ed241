#include "app/config_schema.h"

#include <algorithm>
#include <chrono>
#include <concepts>
#include <limits>

#include "app/units.h"

namespace freshet::app {
namespace {

using std::chrono::milliseconds;

constexpr std::int64_t kMillion = 1'000'000;
constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;

/// Builds the table; `at` turns a Config into the member that an option stands for.
class Schema {
 public:
  template <typename At>
  void flag(std::string key, At at, std::string doc) {
    add(
        std::move(key), "true or false", std::move(doc), [at](const Config& c) { return ConfigValue(at(c)); },
        [at](Config& c, const ConfigValue& v) {
          at(c) = std::get<bool>(v);
          return std::string();
        });
  }

  template <typename At>
  void integer(std::string key, At at, std::int64_t low, std::int64_t high, std::string doc) {
    const std::string type = "integer " + std::to_string(low) + " to " + std::to_string(high);
    add(
        std::move(key), type, std::move(doc),
        [at](const Config& c) { return ConfigValue(static_cast<std::int64_t>(at(c))); },
        [=](Config& c, const ConfigValue& v) {
          const std::int64_t number = std::get<std::int64_t>(v);
          if (number < low || number > high) return "expected an " + type;
          using Member = std::remove_cvref_t<decltype(at(c))>;
          at(c) = static_cast<Member>(number);
          return std::string();
        });
  }

  template <typename At>
  void number(std::string key, At at, double low, double high, std::string doc) {
    const std::string type = "number " + brief(low) + " to " + brief(high);
    add(
        std::move(key), type, std::move(doc), [at](const Config& c) { return ConfigValue(at(c)); },
        [=](Config& c, const ConfigValue& v) {
          const double given = std::get<double>(v);
          if (!(given >= low && given <= high)) return "expected a " + type;
          at(c) = given;
          return std::string();
        });
  }

  template <typename At>
  void duration(std::string key, At at, milliseconds low, milliseconds high, std::string doc) {
    const std::string type = "duration " + format_duration(low) + " to " + format_duration(high);
    add(
        std::move(key), type, std::move(doc),
        [at](const Config& c) { return ConfigValue(format_duration(milliseconds(at(c)))); },
        [=](Config& c, const ConfigValue& v) {
          const auto given = parse_duration(std::get<std::string>(v));
          if (!given || *given < low || *given > high) return "expected a " + type + ", such as \"30s\"";
          using Member = std::remove_cvref_t<decltype(at(c))>;
          if (std::chrono::duration_cast<Member>(*given) != *given) {
            return std::string("expected whole ") + (std::is_same_v<Member, std::chrono::hours> ? "hours" : "seconds");
          }
          at(c) = std::chrono::duration_cast<Member>(*given);
          return std::string();
        });
  }

  template <typename At>
  void size(std::string key, At at, std::uint64_t low, std::uint64_t high, std::string doc) {
    const std::string type = "size " + format_size(low) + " to " + format_size(high);
    add(
        std::move(key), type, std::move(doc), [at](const Config& c) { return ConfigValue(format_size(at(c))); },
        [=](Config& c, const ConfigValue& v) {
          const auto given = parse_size(std::get<std::string>(v));
          if (!given || *given < low || *given > high) return "expected a " + type + ", such as \"64MiB\"";
          at(c) = static_cast<std::size_t>(*given);
          return std::string();
        });
  }

  template <typename At>
  void text(std::string key, At at, std::string doc) {
    add(
        std::move(key), "text", std::move(doc), [at](const Config& c) { return ConfigValue(at(c)); },
        [at](Config& c, const ConfigValue& v) {
          at(c) = std::get<std::string>(v);
          return std::string();
        });
  }

  template <typename At, typename Enum>
  void choice(std::string key, At at, std::vector<std::pair<std::string, Enum>> choices, std::string doc) {
    std::string type;
    for (const auto& [name, value] : choices) type += (type.empty() ? "\"" : " or \"") + name + "\"";
    add(
        std::move(key), type, std::move(doc),
        [=](const Config& c) {
          return ConfigValue(std::ranges::find(choices, at(c), &std::pair<std::string, Enum>::second)->first);
        },
        [=](Config& c, const ConfigValue& v) {
          const auto found = std::ranges::find(choices, std::get<std::string>(v), &std::pair<std::string, Enum>::first);
          if (found == choices.end()) return "expected " + type;
          at(c) = found->second;
          return std::string();
        });
  }

  /// A list or a table that is taken as it is; validate() of the module judges it.
  template <typename At>
  void collection(std::string key, At at, std::string type, std::string doc) {
    add(
        std::move(key), std::move(type), std::move(doc), [at](const Config& c) { return ConfigValue(at(c)); },
        [at](Config& c, const ConfigValue& v) {
          using Member = std::remove_cvref_t<decltype(at(c))>;
          at(c) = std::get<Member>(v);
          return std::string();
        });
  }

  std::vector<ConfigOption> take() { return std::move(options_); }

 private:
  static std::string brief(double value) {
    std::string text = std::to_string(value);
    text.erase(text.find_last_not_of('0') + 1);
    if (text.back() == '.') text.pop_back();
    return text;
  }

  void add(std::string key, std::string type, std::string doc, std::function<ConfigValue(const Config&)> get,
           std::function<std::string(Config&, const ConfigValue&)> set) {
    options_.push_back({std::move(key), std::move(type), std::move(doc), std::move(get), std::move(set)});
  }

  std::vector<ConfigOption> options_;
};

#define FRESHET_AT(member) [](auto& config) -> auto& { return config.member; }

void add_log_options(Schema& schema) {
  using namespace std::chrono_literals;
  schema.choice<>(
      "log.kind", FRESHET_AT(log_kind),
      std::vector<std::pair<std::string, LogKind>>{{"embedded", LogKind::embedded}, {"kafka", LogKind::kafka}},
      "Where events are kept: in the data directory (one process, no broker) or in Kafka.");
  schema.collection("events.types", FRESHET_AT(decode.types), "list of text",
                    "Event types that are accepted, any other is a dead letter; empty list: any type will do.");
  schema.duration("events.max_future_skew", FRESHET_AT(decode.max_future_skew), 0s, 24h * 365,
                  "An event whose time is later than its arrival by more than this is a dead letter.");
  schema.size("events.max_record_bytes", FRESHET_AT(decode.max_record_bytes), 1 << 10, 16 << 20,
              "Largest event, as JSON text.");
  schema.integer("embedded.max_queued_records", FRESHET_AT(embedded.max_queued_records), 1, 10 * kMillion,
                 "Events waiting for their fsync; beyond it producers get 503.");
  schema.size("embedded.max_queued_bytes", FRESHET_AT(embedded.max_queued_bytes), 1 << 20, 64 * kGiB,
              "The same, by size.");
  schema.duration("embedded.retention", FRESHET_AT(embedded.retention), 0s, 24h * 3650,
                  "Events are kept in the embedded log at least this long, also when everybody has read them.");
  schema.duration("embedded.trim_interval", FRESHET_AT(embedded.trim_interval), 1ms, 24h,
                  "How often what may go from the embedded log does go.");
  schema.text("kafka.brokers", FRESHET_AT(kafka.brokers), "Bootstrap servers, host:port separated by commas.");
  schema.text("kafka.topic", FRESHET_AT(kafka.topic), "Topic of the events.");
  schema.text("kafka.group", FRESHET_AT(kafka.group),
              "Consumer group of the history writer; the learner reads everything as \"<group>-learner\".");
  schema.text("kafka.dead_letter_topic", FRESHET_AT(kafka.dead_letter_topic),
              "Topic for records that are not valid events; those that it does not take are kept in the data "
              "directory, and all of them if this is empty.");
  schema.collection(
      "kafka.properties", FRESHET_AT(kafka.properties), "table of text",
      "Any librdkafka property (TLS, SASL, tuning) but the 14 that freshet sets itself (docs/kafka.md). A value "
      "\"$env:NAME\" or \"$file:PATH\" is read from the environment or a file; a password or secret must be.");
  schema.integer("writer.batch_records", FRESHET_AT(writer.batch_records), 1, 100'000,
                 "Most events committed to the histories at once.");
  schema.duration("writer.poll_timeout", FRESHET_AT(writer.poll_timeout), 1ms, 10s,
                  "How long the history writer waits for events before it looks around.");
  schema.duration("writer.erase_interval", FRESHET_AT(writer.erase_interval), 1s, 24h * 30,
                  "How often, at most, files are rewritten so that nothing of those who were erased is left in them.");
}

void add_store_options(Schema& schema) {
  using namespace std::chrono_literals;
  schema.text("store.directory", FRESHET_AT(store.directory), "The data directory; one process at a time.");
  schema.text(
      "store.pseudonym_key", FRESHET_AT(store.pseudonym_key),
      "Ids of users and sessions are kept as a keyed hash under this secret, \"$env:NAME\" or \"$file:PATH\"; for a "
      "new data directory only, and for ever; empty: as they are.");
  schema.integer("store.max_events_per_owner", FRESHET_AT(store.max_events_per_owner), 1, 100'000,
                 "Newest events kept per user and per session.");
  schema.duration("store.max_event_age", FRESHET_AT(store.max_event_age), 0h, 24h * 36500,
                  "Events older than the newest event by more than this are dropped; 0s: never. Whole hours.");
  schema.duration("store.dedupe_window", FRESHET_AT(store.dedupe_window), 1h, 24h * 365,
                  "How long after its arrival an event id is remembered. Whole hours.");
  schema.integer(
      "store.transient_events", FRESHET_AT(store.transient_events), 0, 100 * kMillion,
      "Events without consent that are held in memory, and nowhere else, for their owners' lists; beyond it the "
      "oldest go. 0: they are not even used for those.");
  schema.duration("store.transient_for", FRESHET_AT(store.transient_for), 1s, 24h,
                  "How long after its arrival an event without consent is held.");
  schema.size("store.block_cache_bytes", FRESHET_AT(store.block_cache_bytes), 8 << 20, 1024 * kGiB,
              "Memory for RocksDB blocks, indexes and filters.");
  schema.size("store.history_cache_bytes", FRESHET_AT(store.history_cache_bytes), 0, 1024 * kGiB,
              "Memory for the newest events of the owners that were read or written last; 0: they are read from "
              "RocksDB for every list.");
  schema.size("store.memtable_bytes", FRESHET_AT(store.memtable_bytes), 4 << 20, 64 * kGiB,
              "Memory for writes that are not in files yet.");
  schema.size("store.max_wal_bytes", FRESHET_AT(store.max_wal_bytes), 8 << 20, 256 * kGiB,
              "Disk for the write-ahead log; bounds the time to start after a crash.");
}

constexpr const char* kExactItems =
    "Up to so many are all looked at for every list; of more the likeliest clusters, as many as find 99 % of the "
    "best.";

/// What lstm, attention and autoencoder have in common, below `section`.
template <typename At>
void add_sequence_options(Schema& schema, const std::string& section, At model) {
  schema.integer(
      section + "dimension", [=](auto& c) -> auto& { return model(c).dimension; }, 16, 1024,
      "Of item embeddings; a multiple of 16.");
  schema.integer(
      section + "negatives", [=](auto& c) -> auto& { return model(c).negatives; }, 1, 100'000,
      "Items drawn per training step that the next item competes with.");
  schema.integer(
      section + "batch_examples", [=](auto& c) -> auto& { return model(c).batch_examples; }, 1, 10'000,
      "New examples per training step.");
  schema.integer(
      section + "replay_per_batch", [=](auto& c) -> auto& { return model(c).replay_per_batch; }, 0, 10'000,
      "Older examples mixed into each training step while the stream is young; 0: no replay.");
  schema.integer(
      section + "replay_buffer", [=](auto& c) -> auto& { return model(c).replay_buffer; }, 0, 100 * kMillion,
      "Examples kept for replay. After so many the stream brings enough that is new, and replay ends.");
  schema.number(
      section + "learning_rate", [=](auto& c) -> auto& { return model(c).learning_rate; }, 1e-6, 10,
      "Adagrad rate of the item embeddings.");
  schema.integer(
      section + "admission_count", [=](auto& c) -> auto& { return model(c).admission_count; }, 1, 255,
      "Sightings before an item gets an embedding.");
  schema.integer(
      section + "max_items", [=](auto& c) -> auto& { return model(c).max_items; }, 100, 100 * kMillion,
      "Embeddings; the least recently seen item gives its up.");
  schema.integer(
      section + "exact_items", [=](auto& c) -> auto& { return model(c).exact_items; }, 100, 100 * kMillion,
      kExactItems);
}

void add_online_options(Schema& schema) {
  using namespace std::chrono_literals;
  schema.collection(
      "online.parts", FRESHET_AT(online.parts), "list of part names",
      "What takes part in learning and ranking. Without popularity a user without history gets nothing. "
      "With other parts here, or other half-lives, widths (dimension, hidden_units) or most sizes (max_*) in "
      "[online], the model learned so far is not used: it is learned again from what the log still holds "
      "(embedded.retention; Kafka: the topic's). Histories stay.");
  schema.duration("online.session_gap", FRESHET_AT(online.session_gap), 0s, 24h * 365,
                  "A longer pause starts a new session; 0s: never.");
  schema.integer("online.max_session_items", FRESHET_AT(online.max_session_items), 2, 1000,
                 "Newest items of a session that the model looks at.");
  schema.integer("online.max_items", FRESHET_AT(online.max_items), 100, 100 * kMillion,
                 "Items that the model knows; the least recently seen gives way.");
  schema.integer("online.max_open_sessions", FRESHET_AT(online.max_open_sessions), 100, 100 * kMillion,
                 "Sessions that the learner follows; the least recently active is closed.");
  schema.integer("online.dedupe_ids", FRESHET_AT(online.dedupe_ids), 1, 100 * kMillion,
                 "Newest event ids that the learner remembers.");
  schema.collection("online.type_weights", FRESHET_AT(online.type_weights), "table of numbers",
                    "How much an event of each type teaches, '*' any other type; 0: not learned from.");
  schema.integer("online.seed", FRESHET_AT(online.seed), 0, std::numeric_limits<std::int64_t>::max(),
                 "Of every random choice the learner makes.");
  schema.duration("online.checkpoint_interval", FRESHET_AT(online.checkpoint_interval), 1s, 24h,
                  "Between checkpoints of the model; after a crash so much of the log is learned again.");
  schema.integer("online.keep_checkpoints", FRESHET_AT(online.keep_checkpoints), 1, 100, "Newest checkpoints kept.");
  schema.duration("online.publish_interval", FRESHET_AT(online.publish_interval), 1ms, 60s,
                  "Between snapshots of the model that requests see.");
  schema.duration(
      "online.score_all_within", FRESHET_AT(online.score_all_within), 1ms, 60s,
      "While the learner has no more work left than this, it scores every event before it learns it; further "
      "behind, a share only, so that its weights stay fresh.");
  schema.number("online.least_scored", FRESHET_AT(online.least_scored), 0.01, 1,
                "Least share of the events that is scored, however far behind the learner is; 1: always every event.");
  schema.collection("online.popularity.half_life_hours", FRESHET_AT(online.popularity.half_life_hours),
                    "list of numbers", "Half-lives of the popularity counts.");
  schema.collection("online.covisitation.half_life_hours", FRESHET_AT(online.covisitation.half_life_hours),
                    "list of numbers", "Half-lives of the co-visitation counts, beside one that never decays.");
  schema.integer("online.covisitation.max_neighbours", FRESHET_AT(online.covisitation.max_neighbours), 1, 10'000,
                 "Neighbours kept per item.");
  schema.integer("online.covisitation.window", FRESHET_AT(online.covisitation.window), 1, 100,
                 "How many earlier items of the session an event is linked to.");
  schema.integer("online.session_knn.max_sessions", FRESHET_AT(online.session_knn.max_sessions), 10, 100 * kMillion,
                 "Sessions in the index; the oldest is replaced.");
  schema.integer("online.session_knn.max_sessions_per_item", FRESHET_AT(online.session_knn.max_sessions_per_item), 1,
                 100'000, "Newest sessions kept per item.");
  schema.integer("online.session_knn.neighbours", FRESHET_AT(online.session_knn.neighbours), 1, 10'000,
                 "Sessions that vote on a list.");
  schema.integer("online.session_knn.max_session_items", FRESHET_AT(online.session_knn.max_session_items), 2, 64,
                 "Items kept of an indexed session.");
  schema.integer("online.user_history.max_users", FRESHET_AT(online.user_history.max_users), 1, 100 * kMillion,
                 "Users whose past is known; the least recently active is forgotten.");
  schema.integer("online.user_history.max_items_per_user", FRESHET_AT(online.user_history.max_items_per_user), 1,
                 10'000, "Newest items kept of a user's past.");
  schema.integer("online.matrix_factorisation.dimension", FRESHET_AT(online.matrix_factorisation.dimension), 16, 1024,
                 "Of users' and items' vectors; a multiple of 16.");
  schema.integer("online.matrix_factorisation.negatives", FRESHET_AT(online.matrix_factorisation.negatives), 1, 1000,
                 "Items drawn per event that the event's item competes with.");
  schema.number("online.matrix_factorisation.learning_rate", FRESHET_AT(online.matrix_factorisation.learning_rate),
                1e-6, 10, "Adagrad rate of the items' vectors.");
  schema.number("online.matrix_factorisation.user_learning_rate",
                FRESHET_AT(online.matrix_factorisation.user_learning_rate), 1e-6, 10,
                "Adagrad rate of the users' vectors.");
  schema.integer("online.matrix_factorisation.admission_count", FRESHET_AT(online.matrix_factorisation.admission_count),
                 1, 255, "Sightings before an item gets a vector.");
  schema.integer("online.matrix_factorisation.max_items", FRESHET_AT(online.matrix_factorisation.max_items), 100,
                 100 * kMillion, "Items with a vector; the least recently seen gives its up.");
  schema.integer("online.matrix_factorisation.exact_items", FRESHET_AT(online.matrix_factorisation.exact_items), 100,
                 100 * kMillion, "Of more items with a vector it proposes none, and only scores those of the others.");
  schema.integer("online.matrix_factorisation.max_users", FRESHET_AT(online.matrix_factorisation.max_users), 1,
                 100 * kMillion, "Users with a vector; the least recently active is forgotten.");
  schema.integer("online.user_cf.max_users", FRESHET_AT(online.user_cf.max_users), 1, 100 * kMillion,
                 "Most recently active users, who may be somebody's neighbours.");
  schema.integer("online.user_cf.neighbours", FRESHET_AT(online.user_cf.neighbours), 1, 10'000,
                 "Most alike users who vote on a list.");
  schema.integer("online.user_cf.max_items_per_user", FRESHET_AT(online.user_cf.max_items_per_user), 1, 1000,
                 "Newest items that a neighbour votes for.");
  schema.integer("online.lstm.max_session_items", FRESHET_AT(online.lstm.max_session_items), 1, 200,
                 "Newest items of the session that the LSTM reads.");
  schema.number("online.lstm.lstm_learning_rate", FRESHET_AT(online.lstm.lstm_learning_rate), 1e-6, 10,
                "Adagrad rate of the LSTM's own weights.");
  add_sequence_options(schema, "online.lstm.", FRESHET_AT(online.lstm));
  schema.integer("online.attention.max_session_items", FRESHET_AT(online.attention.max_session_items), 1, 200,
                 "Newest items of the session that are attended to.");
  schema.number("online.attention.attention_learning_rate", FRESHET_AT(online.attention.attention_learning_rate), 1e-6,
                10, "Adagrad rate of positions and attention weights.");
  add_sequence_options(schema, "online.attention.", FRESHET_AT(online.attention));
  schema.integer("online.neural_cf.dimension", FRESHET_AT(online.neural_cf.dimension), 16, 1024,
                 "Of users' and items' vectors; a multiple of 16.");
  schema.integer("online.neural_cf.hidden_units", FRESHET_AT(online.neural_cf.hidden_units), 32, 1024,
                 "Width of the perceptron's first layer; a multiple of 32.");
  schema.integer("online.neural_cf.negatives", FRESHET_AT(online.neural_cf.negatives), 1, 1000,
                 "Items drawn per click that were not clicked.");
  schema.integer("online.neural_cf.batch_examples", FRESHET_AT(online.neural_cf.batch_examples), 1, 10'000,
                 "Clicks per training step.");
  schema.number("online.neural_cf.learning_rate", FRESHET_AT(online.neural_cf.learning_rate), 1e-6, 10,
                "Adagrad rate of the items' vectors.");
  schema.number("online.neural_cf.user_learning_rate", FRESHET_AT(online.neural_cf.user_learning_rate), 1e-6, 10,
                "Adagrad rate of the users' vectors.");
  schema.number("online.neural_cf.perceptron_learning_rate", FRESHET_AT(online.neural_cf.perceptron_learning_rate),
                1e-6, 10, "Adagrad rate of the perceptron.");
  schema.integer("online.neural_cf.admission_count", FRESHET_AT(online.neural_cf.admission_count), 1, 255,
                 "Sightings before an item gets a vector.");
  schema.integer("online.neural_cf.max_items", FRESHET_AT(online.neural_cf.max_items), 100, 100 * kMillion,
                 "Items with a vector; the least recently seen gives its up.");
  schema.integer("online.neural_cf.exact_items", FRESHET_AT(online.neural_cf.exact_items), 100, 100 * kMillion,
                 kExactItems);
  schema.integer("online.neural_cf.max_users", FRESHET_AT(online.neural_cf.max_users), 1, 100 * kMillion,
                 "Users with a vector; the least recently active is forgotten.");
  schema.integer("online.autoencoder.hidden_units", FRESHET_AT(online.autoencoder.hidden_units), 16, 1024,
                 "Width of the hidden layer; a multiple of 16.");
  schema.integer("online.autoencoder.max_items_per_user", FRESHET_AT(online.autoencoder.max_items_per_user), 1, 1000,
                 "Newest items of a user that it reads.");
  schema.integer("online.autoencoder.max_users", FRESHET_AT(online.autoencoder.max_users), 1, 100 * kMillion,
                 "Users whose items are remembered; the least recently active is forgotten.");
  schema.number("online.autoencoder.dropout", FRESHET_AT(online.autoencoder.dropout), 0, 0.99,
                "Share of a user's items that a training step does not see.");
  schema.number("online.autoencoder.hidden_learning_rate", FRESHET_AT(online.autoencoder.hidden_learning_rate), 1e-6,
                10, "Adagrad rate of the hidden layer's weights.");
  add_sequence_options(schema, "online.autoencoder.", FRESHET_AT(online.autoencoder));
  schema.integer("online.blender.hidden_units", FRESHET_AT(online.blender.hidden_units), 16, 1024,
                 "Width of the blender's hidden layer; a multiple of 16.");
  schema.number("online.blender.learning_rate", FRESHET_AT(online.blender.learning_rate), 1e-6, 10,
                "Adagrad rate of the blender.");
  schema.integer("online.blender.candidates_per_part", FRESHET_AT(online.blender.candidates_per_part), 20, 1000,
                 "Candidates that each part proposes.");
}

void add_serve_options(Schema& schema) {
  using namespace std::chrono_literals;
  schema.text("serve.address", FRESHET_AT(serve.address), "IP address to listen on.");
  schema.integer("serve.port", FRESHET_AT(serve.port), 0, 65535,
                 "Port to listen on; 0: any free one, named in the log.");
  schema.integer("serve.threads", FRESHET_AT(serve.threads), 1, 256, "I/O threads; requests are answered on them.");
  schema.flag("serve.allow_public", FRESHET_AT(serve.allow_public),
              "Allows an address that others can reach although there are no keys.");
  schema.text("serve.keys_file", FRESHET_AT(serve.keys_file),
              "File of API keys, a line each (`freshet keys new`), read again on SIGHUP; empty: everybody may do "
              "everything.");
  schema.flag("serve.open_metrics", FRESHET_AT(serve.open_metrics),
              "Answers /metrics without a key; else it takes one that may read.");
  schema.integer("serve.max_connections", FRESHET_AT(serve.max_connections), 1, kMillion,
                 "Open connections; more are closed at once.");
  schema.size("serve.max_body_bytes", FRESHET_AT(serve.max_body_bytes), 1 << 10, kGiB, "Largest request body.");
  schema.size("serve.max_header_bytes", FRESHET_AT(serve.max_header_bytes), 1 << 10, 1 << 20,
              "Largest request header.");
  schema.duration("serve.header_timeout", FRESHET_AT(serve.header_timeout), 10ms, 10min,
                  "From the first byte of a request to its last.");
  schema.duration("serve.idle_timeout", FRESHET_AT(serve.idle_timeout), 10ms, 24h,
                  "Between requests of a kept-alive connection.");
  schema.duration("serve.write_timeout", FRESHET_AT(serve.write_timeout), 10ms, 10min,
                  "For a client to take its answer.");
  schema.duration("serve.after_timeout", FRESHET_AT(serve.after_timeout), 0s, 10min,
                  "Longest wait for an \"after\" token.");
  schema.duration("serve.events_timeout", FRESHET_AT(serve.events_timeout), 10ms, 10min,
                  "Longest wait for events and changes to become durable.");
  schema.duration("serve.shed_delay", FRESHET_AT(serve.shed_delay), 1ms, 1min,
                  "How long an I/O thread must have been behind before it refuses lists with 503.");
  schema.duration("serve.drain_timeout", FRESHET_AT(serve.drain_timeout), 0s, 10min,
                  "For requests in flight at shutdown.");
  schema.integer("serve.default_k", FRESHET_AT(serve.default_k), 1, 10'000, "Items in a list that names no k.");
  schema.integer("serve.max_k", FRESHET_AT(serve.max_k), 1, 10'000, "Largest k.");
  schema.integer("serve.max_events_per_request", FRESHET_AT(serve.max_events_per_request), 1, kMillion,
                 "Events in one POST.");
  schema.integer("serve.max_items_per_request", FRESHET_AT(serve.max_items_per_request), 1, kMillion,
                 "Items in one request.");
  schema.text("serve.tls.certificate", FRESHET_AT(serve.tls.certificate),
              "PEM file of the server's certificate chain, read again on SIGHUP; empty: plain HTTP.");
  schema.text("serve.tls.key", FRESHET_AT(serve.tls.key), "PEM file of its private key, not encrypted.");
  schema.duration("serve.tls.handshake_timeout", FRESHET_AT(serve.tls.handshake_timeout), 10ms, 10min,
                  "From a connection to the end of its TLS handshake.");
  schema.text(
      "serve.audit.file", FRESHET_AT(serve.audit.file),
      "File that audit lines (admin calls) are appended to, opened again on SIGHUP; empty: among the other log lines.");
  schema.flag("serve.audit.ids", FRESHET_AT(serve.audit.ids),
              "Writes ids of users and sessions into audit lines; else a keyed hash of them.");
  schema.text("serve.audit.hash_key", FRESHET_AT(serve.audit.hash_key),
              "Key of that hash, a secret: \"$env:NAME\" or \"$file:PATH\"; empty: drawn at every start.");
  schema.collection("replay.columns", FRESHET_AT(replay_columns), "list of text",
                    "What each column of a TSV or CSV file is, for `freshet replay`; its --columns wins.");
  schema.choice<>("logging.level", FRESHET_AT(log_level),
                  std::vector<std::pair<std::string, log::Level>>{{"debug", log::Level::debug},
                                                                  {"info", log::Level::info},
                                                                  {"warn", log::Level::warn},
                                                                  {"error", log::Level::error}},
                  "Least important level that is written.");
  schema.choice<>(
      "logging.format", FRESHET_AT(log_format),
      std::vector<std::pair<std::string, log::Format>>{{"text", log::Format::text}, {"json", log::Format::json}},
      "One line per message: for people, or for machines.");
}

#undef FRESHET_AT

}  // namespace

const std::vector<ConfigOption>& config_schema() {
  static const std::vector<ConfigOption> options = [] {
    Schema schema;
    add_log_options(schema);
    add_store_options(schema);
    add_online_options(schema);
    add_serve_options(schema);
    return schema.take();
  }();
  return options;
}

}  // namespace freshet::app
