#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet generate`: a synthetic shop stream with known tastes and drift.
void add_generate_command(CLI::App& app);

}  // namespace freshet::cli
