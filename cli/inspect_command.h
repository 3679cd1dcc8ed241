#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet inspect DIR`: looks into a data directory, also while the service runs on it.
void add_inspect_command(CLI::App& app);

}  // namespace freshet::cli
