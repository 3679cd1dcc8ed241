#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet config check|print|reference`.
void add_config_command(CLI::App& app);

}  // namespace freshet::cli
