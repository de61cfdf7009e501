package org.cloudfoundry.tomcat.lifecycle;

import org.apache.catalina.Container;
import org.apache.catalina.Host;
import org.apache.catalina.Lifecycle;
import org.apache.catalina.LifecycleEvent;
import org.apache.catalina.LifecycleListener;

/**
 * Ends Tomcat when an application of its host has not started, so that the platform sees a crash
 * instead of a server that answers 404.
 *
 * The name is the one that server.xml has always had, so that any implementation will do.
 */
public final class ApplicationStartupFailureDetectingLifecycleListener implements LifecycleListener {

    @Override
    public void lifecycleEvent(LifecycleEvent event) {
        if (!Lifecycle.AFTER_START_EVENT.equals(event.getType()) || !(event.getLifecycle() instanceof Host)) {
            return;
        }
        for (Container application : ((Host) event.getLifecycle()).findChildren()) {
            if (!application.getState().isAvailable()) {
                System.err.println("The application '" + application.getName() + "' has not started: ending Tomcat.");
                System.err.flush();
                // Not exit(): its hook would wait for the server, which waits for this listener.
                Runtime.getRuntime().halt(1);
            }
        }
    }
}
