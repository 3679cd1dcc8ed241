// SPDX-License-Identifier: Apache-2.0
#include "cli/inspect_command.h"

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <cstdio>
#include <memory>
#include <stdexcept>

#include "base/hex.h"
#include "base/printable.h"
#include "base/utf8.h"
#include "cli/support/arguments.h"
#include "ingest/codec/event_encoder.h"
#include "serve/routing/json.h"
#include "store/catalogue.h"
#include "store/checkpoint_store.h"
#include "store/database.h"
#include "store/dead_letters.h"
#include "store/history_store.h"
#include "store/journal.h"

namespace freshet::cli {
namespace {

namespace json = boost::json;

struct InspectArguments {
  std::string directory;
  std::string user, session;
  std::size_t limit = 20;
  bool counts = false, dead_letters = false, json = false;
};

void check(const Result<void>& result) {
  if (!result) throw std::runtime_error(result.error().message);
}

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

json::object overview(store::Database& database) {
  const store::HistoryStore histories(database);
  const store::Journal journal(database);
  json::object usage;
  for (const auto& [kind, bytes] : database.usage()) usage.emplace(kind, bytes);
  const auto checkpoints = store::CheckpointStore::list(database.options().directory + "/checkpoints");
  return {{"format", store::kFormatVersion},
          {"positions", serve::positions_json(value_of(histories.positions()))},
          {"stream_time", format_rfc3339(histories.stream_time())},
          {"journal", {{"begin", journal.begin()}, {"end", journal.end()}}},
          {"items", store::Catalogue(database).size()},
          {"dead_letters", value_of(store::DeadLetters(database).count())},
          {"checkpoints", json::value_from(checkpoints)},
          {"bytes", std::move(usage)}};
}

/// An event with both a user and a session is stored under both, but counted once.
json::object counts(const store::HistoryStore& histories) {
  std::uint64_t users = 0, sessions = 0, rows = 0, events = 0;
  Owner last;
  bool first = true;
  check(histories.scan([&](const Owner& owner, const PositionedEvent& entry) {
    ++rows;
    const bool is_user = owner.kind == Owner::Kind::user;
    events += is_user || entry.event.user.empty();
    if (first || owner != last) ++(is_user ? users : sessions);
    first = false;
    last = owner;
    return true;
  }));
  return {{"users", users}, {"sessions", sessions}, {"rows", rows}, {"events", events}};
}

json::object history(const store::HistoryStore& histories, const Owner& owner, std::size_t limit) {
  json::array events;
  for (const Event& event : value_of(histories.recent(owner, limit))) {
    events.push_back(json::parse(ingest::encode_event(event)));
  }
  return {{"owner", owner.id}, {"count", value_of(histories.count(owner))}, {"events", std::move(events)}};
}

/// Bytes that are not UTF-8 cannot be in JSON: "NAME_hex" then has them as hexadecimal digits.
void add_bytes(json::object& out, const std::string& name, const std::string& bytes) {
  if (is_utf8(bytes)) {
    out.emplace(name, bytes);
  } else {
    out.emplace(name + "_hex", to_hex(bytes));
  }
}

json::object letters(const store::DeadLetters& dead_letters, std::size_t limit) {
  json::array found;
  check(dead_letters.scan([&](const RejectedRecord& record) {
    json::array headers;
    for (const auto& [name, value] : record.headers) {
      json::object header;
      add_bytes(header, "name", name);
      add_bytes(header, "value", value);
      headers.push_back(std::move(header));
    }
    json::object letter{{"partition", record.position.partition},
                        {"offset", record.position.offset},
                        {"arrival", format_rfc3339(record.arrival)},
                        {"reason", record.reason}};
    add_bytes(letter, "key", record.key);
    add_bytes(letter, "value", record.value);
    letter.emplace("headers", std::move(headers));
    found.push_back(std::move(letter));
    return found.size() < limit;
  }));
  return {{"dead_letters", std::move(found)}};
}

/// One line per value; nested names are joined by dots. Ids and dead letters are what clients sent, so they are printed
/// as printable text.
void print_text(const json::value& value, const std::string& name) {
  if (const auto* object = value.if_object()) {
    for (const auto& [key, field] : *object) {
      print_text(field, name.empty() ? std::string(key) : name + "." + std::string(key));
    }
  } else if (const auto* array = value.if_array()) {
    std::printf("%s (%zu)\n", name.c_str(), array->size());
    for (const json::value& entry : *array) std::printf("  %s\n", printable(serve::to_text(entry)).c_str());
  } else {
    const std::string text = value.is_string() ? std::string(value.as_string()) : serve::to_text(value);
    std::printf("%-28s %s\n", name.c_str(), printable(text).c_str());
  }
}

void inspect(const InspectArguments& arguments) {
  store::Options options;
  options.directory = arguments.directory;
  // Shows all that is stored, whatever the limits of the service.
  options.max_events_per_owner = SIZE_MAX;
  options.max_event_age = std::chrono::hours(0);
  store::Database database = store::Database::open_read_only(options);
  const store::HistoryStore histories(database);

  json::object out;
  if (!arguments.user.empty()) {
    out = history(histories, {Owner::Kind::user, arguments.user}, arguments.limit);
  } else if (!arguments.session.empty()) {
    out = history(histories, {Owner::Kind::session, arguments.session}, arguments.limit);
  } else if (arguments.counts) {
    out = counts(histories);
  } else if (arguments.dead_letters) {
    out = letters(store::DeadLetters(database), arguments.limit);
  } else {
    out = overview(database);
  }
  if (arguments.json) {
    std::printf("%s\n", serve::to_text(out).c_str());
  } else {
    print_text(out, "");
  }
}

}  // namespace

void add_inspect_command(CLI::App& app) {
  auto arguments = std::make_shared<InspectArguments>();
  CLI::App* command =
      app.add_subcommand("inspect", "Show the contents of a data directory; the service may be running");
  command->footer(
      "Examples:\n"
      "  freshet inspect data                    positions, sizes, checkpoints\n"
      "  freshet inspect data --user u1          one history, newest first\n"
      "  freshet inspect data --counts --json    users, sessions, rows, events\n"
      "  freshet inspect data --dead-letters     rejected records and the reasons");
  command->add_option("directory", arguments->directory, "Data directory")->required();
  command->add_option("--user", arguments->user,
                      "Show the history of this user (with store.pseudonym_key: of this pseudonym)");
  command->add_option("--session", arguments->session, "Show the history of this session (likewise)");
  command->add_option("--limit", arguments->limit, "Maximum number of events or dead letters to show")
      ->capture_default_str()
      ->check(whole_number(1));
  command->add_flag("--counts", arguments->counts, "Count users, sessions, rows and events (reads all histories)");
  command->add_flag("--dead-letters", arguments->dead_letters, "Show rejected records, with reason and original bytes");
  command->add_flag("--json", arguments->json, "Print JSON");
  command->callback([arguments] { inspect(*arguments); });
}

}  // namespace freshet::cli
