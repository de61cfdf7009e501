package org.cloudfoundry.tomcat.logging.access;

import java.io.CharArrayWriter;

import org.apache.catalina.valves.AbstractAccessLogValve;

/**
 * An access log on stdout, where the platform collects it.
 *
 * The name is the one that server.xml has always had, so that any implementation will do.
 */
public final class CloudFoundryAccessLoggingValve extends AbstractAccessLogValve {

    @Override
    protected void log(CharArrayWriter message) {
        // In one piece: requests are answered side by side.
        System.out.println(message);
    }
}
