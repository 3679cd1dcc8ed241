// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace CLI {
class App;
}

namespace freshet::cli {

/// `freshet serve [-c FILE] [--data DIR] [--listen HOST:PORT]`: runs the service until SIGTERM or SIGINT.
void add_serve_command(CLI::App& app);

}  // namespace freshet::cli
