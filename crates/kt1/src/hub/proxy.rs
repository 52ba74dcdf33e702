//! `/signalr/hubs` and `/signalr/js`: the script that makes the hub known to pages
//! that use npm `signalr` with generated proxies (`$.connection.koppeltaalHub`).

/// The script.
pub(super) const SCRIPT: &str = r#"// The hub of Koppeltaal for jquery.signalR: $.connection.koppeltaalHub
(function ($) {
    "use strict";
    if (typeof $.signalR !== "function") {
        throw new Error("jquery.signalR must be loaded before this script.");
    }
    var signalR = $.signalR;

    function subscribe(proxy, change) {
        Object.keys(proxy.client).forEach(function (name) {
            var handler = proxy.client[name];
            if (typeof handler === "function") {
                proxy[change](name, handler);
            }
        });
    }

    $.hubConnection.prototype.createHubProxies = function () {
        var proxies = {}, hub;
        this.starting(function () {
            $.each(proxies, function (name, proxy) {
                if (proxy.hubName) { subscribe(proxy, "on"); }
            });
        }).disconnected(function () {
            $.each(proxies, function (name, proxy) {
                if (proxy.hubName) { subscribe(proxy, "off"); }
            });
        });
        hub = proxies.koppeltaalHub = this.createHubProxy("koppeltaalHub");
        hub.client = {};
        hub.server = {
            startPush: function () {
                return hub.invoke.apply(hub, $.merge(["StartPush"], $.makeArray(arguments)));
            }
        };
        return proxies;
    };

    signalR.hub = $.hubConnection("/signalr", { useDefaultPath: false });
    $.extend(signalR, signalR.hub.createHubProxies());
}(window.jQuery));
"#;
