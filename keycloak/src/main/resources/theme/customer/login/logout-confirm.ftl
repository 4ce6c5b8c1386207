<#import "template.ftl" as layout>
<#import "buttons.ftl" as buttons>
<#-- As Keycloak's own, less the order of its own in which the keyboard goes. -->
<@layout.registrationLayout; section>
    <#if section = "header">
        ${msg("logoutConfirmTitle")}
    <#elseif section = "form">
        <p>${msg("logoutConfirmHeader")}</p>
        <form action="${url.logoutConfirmAction}" method="post">
            <input type="hidden" name="session_code" value="${logoutConfirm.code}">
            <@buttons.actionGroup>
                <@buttons.button id="kc-logout" name="confirmLogout" label="doLogout" value="true" />
                <#if !logoutConfirm.skipLink && (client.baseUrl)?has_content>
                <@buttons.buttonLink href=client.baseUrl label="backToApplication" />
                </#if>
            </@buttons.actionGroup>
        </form>
    </#if>
</@layout.registrationLayout>
