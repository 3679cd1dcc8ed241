// SPDX-License-Identifier: Apache-2.0
#include "cli/repair_command.h"

#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <memory>
#include <string>

#include "base/printable.h"
#include "store/repair.h"

namespace freshet::cli {
namespace {

struct RepairArguments {
  std::string directory;
  bool apply = false;
};

void print(const store::Repair& repair) {
  if (!repair.refusal.empty()) std::printf("refused by freshet serve: %s\n", printable(repair.refusal).c_str());
  for (const std::string& file : repair.lost_files) std::printf("unreadable file: %s\n", printable(file).c_str());
  std::printf("%-14s %12s %18s\n", "", "rows kept", "unreadable parts");
  for (const store::RepairedFamily& family : repair.families) {
    std::printf("%-14s %12llu %18llu", family.name.c_str(), static_cast<unsigned long long>(family.rows),
                static_cast<unsigned long long>(family.gaps));
    std::printf(family.gaps == 0 ? "\n" : "  %s\n", printable(family.reason).c_str());
  }
  if (repair.journal_end > 0) {
    std::printf("The embedded log goes on at offset %lld. The histories are read from it again.\n",
                static_cast<long long>(repair.journal_end));
  }
}

void run(const RepairArguments& arguments) {
  umask(0077);
  const store::Repair repair = store::repair(arguments.directory, arguments.apply);
  print(repair);
  if (!repair.needed()) {
    std::printf("Nothing is damaged. Nothing was changed.\n");
  } else if (repair.originals.empty()) {
    std::printf(
        "Nothing was changed. With --apply: the rows kept become the database, the damaged one is kept beside it.\n");
  } else {
    std::printf(
        "Repaired. The damaged database is in %s: delete it when it is no longer needed, since erasures do not "
        "reach it.\n",
        printable(repair.originals).c_str());
  }
}

}  // namespace

void add_repair_command(CLI::App& app) {
  auto arguments = std::make_shared<RepairArguments>();
  CLI::App* command = app.add_subcommand("repair", "Show what can be read of a damaged data directory, and repair it");
  command->footer(
      "Examples:\n"
      "  freshet repair data            what would be kept and lost; changes nothing\n"
      "  freshet repair data --apply    does it\n"
      "\n"
      "The service must not be running. All rows that can be read are copied to a new database, which takes the place "
      "of\n"
      "the damaged one; that is kept in DIR/damaged-TIME. The disk needs room for the copy. Is there a backup? It may "
      "be\n"
      "the better choice: docs/reliability.md, \"Damaged files\".");
  command->add_option("directory", arguments->directory, "Data directory")->required();
  command->add_flag("--apply", arguments->apply, "Replace the damaged database");
  command->callback([arguments] { run(*arguments); });
}

}  // namespace freshet::cli
