#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet evaluate`: prequential evaluation of every part on recorded streams.
void add_evaluate_command(CLI::App& app);

}  // namespace freshet::cli
