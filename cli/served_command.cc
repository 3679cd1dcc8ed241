// SPDX-License-Identifier: Apache-2.0
#include "cli/served_command.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <iterator>
#include <map>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "base/units.h"
#include "cli/served/served_join.h"
#include "store/database.h"
#include "store/history_store.h"
#include "store/served_lists.h"

namespace freshet::cli {
namespace {

constexpr std::size_t kPageRows = 1000;

struct ServedArguments {
  std::string directory;
  std::string window = "30m";
};

template <typename T>
T value_of(Result<T> result) {
  if (!result) throw std::runtime_error(result.error().message);
  return *std::move(result);
}

/// Prints the lists of a data directory.
class ServedExport {
 public:
  ServedExport(store::Database& database, std::chrono::milliseconds window)
      : lists_(database), histories_(database), window_(window) {}

  void print_all() {
    std::optional<Owner> owner;
    while ((owner = value_of(lists_.next_owner(owner)))) print(*owner);
  }

 private:
  void print(const Owner& owner) {
    const ListsOfOwner lists(read(owner));
    const Actions actions = actions_of(owner, lists);
    for (std::size_t i = 0; i < lists.lists().size(); ++i) {
      std::printf("%s\n", served_line(owner, lists.lists()[i], actions[i]).c_str());
    }
  }

  /// What the owner's events say of the lists. An event with user and session is stored under both, and counts for the
  /// better list of both.
  Actions actions_of(const Owner& owner, const ListsOfOwner& lists) const {
    Actions actions = no_actions(lists);
    std::map<std::string, ListsOfOwner> others;  // of the sessions of a user, or the users of a session
    std::optional<store::HistoryCursor> after;
    do {
      const store::HistoryPage page = value_of(histories_.page(owner, kPageRows, after));
      for (const Event& event : page.events) {
        const auto own = lists.match(event, window_);
        if (!own) continue;
        const Owner other = other_of(owner, event);
        const auto better = other.id.empty() ? std::nullopt : lists_of(other, others).match(event, window_);
        if (!better || !better->is_better_than(*own)) ++actions[own->list][own->entry][event.type];
      }
      after = page.next;
    } while (after);
    return actions;
  }

  static Owner other_of(const Owner& owner, const Event& event) {
    return owner.kind == Owner::Kind::user ? Owner{Owner::Kind::session, event.session}
                                           : Owner{Owner::Kind::user, event.user};
  }

  const ListsOfOwner& lists_of(const Owner& owner, std::map<std::string, ListsOfOwner>& known) const {
    if (const auto found = known.find(owner.id); found != known.end()) return found->second;
    return known.try_emplace(owner.id, read(owner)).first->second;
  }

  std::vector<store::StoredList> read(const Owner& owner) const {
    std::vector<store::StoredList> lists;
    std::optional<store::HistoryCursor> after;
    do {
      store::ServedPage page = value_of(lists_.page(owner, kPageRows, after));
      std::move(page.lists.begin(), page.lists.end(), std::back_inserter(lists));
      after = page.next;
    } while (after);
    return lists;
  }

  const store::ServedLists lists_;
  const store::HistoryStore histories_;
  const std::chrono::milliseconds window_;
};

void export_served(const ServedArguments& arguments) {
  const auto window = parse_duration(arguments.window);
  if (!window) throw std::runtime_error("--window: \"" + arguments.window + "\" is not a duration such as 30m");
  store::Options options;
  options.directory = arguments.directory;
  store::Database database = store::Database::open_read_only(options);
  ServedExport(database, *window).print_all();
}

}  // namespace

void add_served_command(CLI::App& app) {
  auto arguments = std::make_shared<ServedArguments>();
  CLI::App* served = app.add_subcommand("served", "Export the lists that users and sessions were served");
  served->require_subcommand(1);
  CLI::App* command =
      served->add_subcommand("export",
                             "Print every recorded list, with what followed from it, as a line of JSON; the "
                             "service may be running");
  command->footer(
      "Example:\n"
      "  freshet served export data | freshet ope - --policy uniform\n"
      "\n"
      "An event counts once: for the list that its `request` names, else for the newest list of its user or session\n"
      "that had its item at most --window before.");
  command->add_option("directory", arguments->directory, "Data directory")->required();
  command->add_option("--window", arguments->window, "Longest time from a list to what follows from it")
      ->capture_default_str();
  command->callback([arguments] { export_served(*arguments); });
}

}  // namespace freshet::cli
